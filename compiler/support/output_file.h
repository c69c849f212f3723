// Files that appear complete or not at all.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace onnxc {

class OutputFiles;

// One file being written. Devices and pipes (/dev/stdout) are written directly; anything else goes
// to a temporary beside the target until OutputFiles::commit.
class OutputFile {
 public:
  // Throw CompileError naming the target: disk full, no permission, ...
  void write(std::string_view text);
  void write(std::span<const std::byte> bytes);
  size_t bytes_written() const { return written_; }

  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

 private:
  friend class OutputFiles;
  explicit OutputFile(const std::string& path);
  void write_through(const char* data, size_t size);
  void finish();
  void keep_old_target();
  void replace_target();
  void restore_target();
  void forget_old_target();
  [[noreturn]] void fail(int error) const;

  std::string path_;       // as the user gave it
  std::string target_;     // with symbolic links followed
  std::string temporary_;  // empty: written directly, or already renamed
  std::string old_;        // the previous file, kept until all are in place
  std::string buffer_;
  int descriptor_ = -1;
  size_t written_ = 0;
  bool replaced_ = false;
};

// A set of files that belong together. Without commit, or when anything fails, none of them appears
// and existing files stay as they were.
class OutputFiles {
 public:
  // Starts a file; the reference stays valid as long as the set. Throws CompileError when it cannot
  // be created.
  OutputFile& add(const std::string& path);
  // Puts all files in place. Throws CompileError after undoing what was done so far.
  void commit();

 private:
  std::vector<std::unique_ptr<OutputFile>> files_;
};

// A single file, written and committed.
void write_file(const std::string& path, std::string_view text);

}  // namespace onnxc
