// The file system that Clang sees, and the one C library header that emitted programs use.
#include "codegen/native/clang_files.h"

#include <llvm/Support/MemoryBuffer.h>

#include <utility>

namespace onnxc {
namespace {

constexpr char kStringHeader[] = R"(#pragma once
#include <stddef.h>
extern "C" {
void* memcpy(void* __restrict to, const void* __restrict from, size_t bytes) noexcept;
void* memmove(void* to, const void* from, size_t bytes) noexcept;
void* memset(void* to, int value, size_t bytes) noexcept;
}
)";

// The real files below one folder; the working directory is "/".
class OneFolder : public llvm::vfs::ProxyFileSystem {
 public:
  explicit OneFolder(std::string folder)
      : ProxyFileSystem(llvm::vfs::getRealFileSystem()), folder_(std::move(folder) + "/") {}

  llvm::ErrorOr<llvm::vfs::Status> status(const llvm::Twine& path) override {
    if (!holds(path)) return absent();
    return ProxyFileSystem::status(path);
  }
  bool exists(const llvm::Twine& path) override {
    return holds(path) && ProxyFileSystem::exists(path);
  }
  llvm::ErrorOr<std::unique_ptr<llvm::vfs::File>> openFileForRead(
      const llvm::Twine& path) override {
    if (!holds(path)) return absent();
    return ProxyFileSystem::openFileForRead(path);
  }
  llvm::vfs::directory_iterator dir_begin(const llvm::Twine&, std::error_code& error) override {
    error = absent();
    return {};
  }
  llvm::ErrorOr<std::string> getCurrentWorkingDirectory() const override {
    return std::string("/");
  }
  std::error_code setCurrentWorkingDirectory(const llvm::Twine&) override { return {}; }

 private:
  static std::error_code absent() {
    return std::make_error_code(std::errc::no_such_file_or_directory);
  }
  bool holds(const llvm::Twine& path) const {
    return llvm::StringRef(path.str() + "/").starts_with(folder_);
  }

  std::string folder_;
};

}  // namespace

llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> clang_files(const std::vector<SourceFile>& files,
                                                            const std::string& resource_dir,
                                                            const PrecompiledHeader* precompiled) {
  auto memory = llvm::makeIntrusiveRefCnt<llvm::vfs::InMemoryFileSystem>();
  const auto add = [&](const std::string& path, llvm::StringRef text) {
    memory->addFileNoOwn(path, 0, llvm::MemoryBufferRef(text, path));
  };
  for (const SourceFile& file : files) add("/" + file.name, file.text);
  add(std::string(kLibraryHeaders) + "/string.h", kStringHeader);
  if (precompiled) {
    add("/" + precompiled->source.name, precompiled->source.text);
    add(kPrecompiledHeaderPath, precompiled->bytes);
  }
  auto all = llvm::makeIntrusiveRefCnt<llvm::vfs::OverlayFileSystem>(
      llvm::makeIntrusiveRefCnt<OneFolder>(resource_dir));
  all->pushOverlay(memory);
  return all;
}

}  // namespace onnxc
