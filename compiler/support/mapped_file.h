// A file's bytes, mapped read-only and shared by whoever views them.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace onnxc {

// Immutable; lives as long as anyone holds the pointer. Pipes and devices are read into memory
// instead of mapped.
class MappedFile {
 public:
  // Throws CompileError (without the path: the caller adds it) when the file is missing, unreadable
  // or a directory.
  static std::shared_ptr<const MappedFile> open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  MappedFile(const std::byte* data, size_t size, bool mapped)
      : data_(data), size_(size), mapped_(mapped) {}

  const std::byte* data_;
  size_t size_;
  bool mapped_;
};

}  // namespace onnxc
