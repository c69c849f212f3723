// Temporaries, renames and their undoing.
#include "compiler/support/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBufferSize = 1 << 16;
constexpr mode_t kMode = 0666;

// A name beside `target` that no other process or file of this one uses.
std::string name_beside(const std::string& target, const char* purpose) {
  static std::atomic<int> counter = 0;
  return fmt::format("{}.{}-{}-{}", target, purpose, ::getpid(), counter++);
}

std::string with_links_followed(const std::string& path) {
  std::error_code error;
  const fs::path resolved = fs::canonical(path, error);
  return error ? path : resolved.string();
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path), target_(with_links_followed(path)) {
  struct stat status {};
  const bool exists = ::stat(target_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) fail(EISDIR);
  if (exists && !S_ISREG(status.st_mode)) {
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    if (exists && ::access(target_.c_str(), W_OK) != 0) fail(errno);
    temporary_ = name_beside(target_, "partial");
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
  }
  if (descriptor_ >= 0) return;
  const int error = errno;
  temporary_.clear();
  fail(error);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  forget_old_target();
}

void OutputFile::fail(int error) const {
  if (error == ENOSPC || error == EDQUOT) {
    throw CompileError("cannot write {}: the disk is full (after {} bytes)", path_, written_);
  }
  throw CompileError("cannot write {}: {}", path_, std::strerror(error));
}

void OutputFile::write_through(const char* data, size_t size) {
  while (size > 0) {
    const ssize_t done = ::write(descriptor_, data, size);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail(errno);
    data += done;
    size -= static_cast<size_t>(done);
    written_ += static_cast<size_t>(done);
  }
}

void OutputFile::write(std::string_view text) {
  ONNXC_CHECK(descriptor_ >= 0, "{} is already written", path_);
  if (buffer_.size() + text.size() <= kBufferSize) {
    buffer_ += text;
    return;
  }
  write_through(buffer_.data(), buffer_.size());
  buffer_.clear();
  write_through(text.data(), text.size());
}

void OutputFile::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void OutputFile::finish() {
  if (descriptor_ < 0) return;
  write_through(buffer_.data(), buffer_.size());
  buffer_.clear();
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0) fail(errno);
}

void OutputFile::keep_old_target() {
  if (temporary_.empty() || !fs::exists(target_)) return;
  std::string old = name_beside(target_, "old");
  // File systems without hard links cannot undo this one file.
  if (::link(target_.c_str(), old.c_str()) == 0) old_ = std::move(old);
}

void OutputFile::replace_target() {
  if (temporary_.empty()) return;
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(errno);
  temporary_.clear();
  replaced_ = true;
}

void OutputFile::restore_target() {
  if (!replaced_) return;
  if (old_.empty()) {
    ::unlink(target_.c_str());
  } else if (::rename(old_.c_str(), target_.c_str()) == 0) {
    old_.clear();
  }
}

void OutputFile::forget_old_target() {
  if (!old_.empty()) ::unlink(old_.c_str());
  old_.clear();
}

OutputFile& OutputFiles::add(const std::string& path) {
  files_.push_back(std::unique_ptr<OutputFile>(new OutputFile(path)));
  return *files_.back();
}

void OutputFiles::commit() {
  for (const auto& file : files_) file->finish();
  try {
    for (const auto& file : files_) file->keep_old_target();
    for (const auto& file : files_) file->replace_target();
  } catch (const CompileError&) {
    for (const auto& file : files_) file->restore_target();
    throw;
  }
  files_.clear();
}

void write_file(const std::string& path, std::string_view text) {
  OutputFiles files;
  files.add(path).write(text);
  files.commit();
}

}  // namespace onnxc
