// An owned buffer, aligned as generated code wants its workspace and weights.
#pragma once

#include <stddef.h>

#include <new>
#include <utility>

#ifndef ONNXC_RUNTIME_HAS_MMAP
#if __has_include(<sys/mman.h>) && __has_include(<unistd.h>)
#define ONNXC_RUNTIME_HAS_MMAP 1
#else
#define ONNXC_RUNTIME_HAS_MMAP 0
#endif
#endif

#if ONNXC_RUNTIME_HAS_MMAP
#include <sys/mman.h>
#endif

namespace onnxc::runtime {

// Uninitialised memory, aligned to 64 bytes; large ones on huge pages where the system has them.
// Never throws: where there is no memory, data() is null.
class Workspace {
 public:
  static constexpr size_t kAlignment = 64;
  static constexpr size_t kHugePage = size_t{2} << 20;  // bytes

  Workspace() = default;
  explicit Workspace(size_t size) { reserve(size); }
  Workspace(Workspace&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Workspace& operator=(Workspace&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Workspace() { release(); }

  void* data() const { return data_; }
  size_t size() const { return size_; }  // bytes; 0 where data() is null

  // Makes room for at least `size` bytes; contents are kept only if there was room already. False:
  // no memory.
  bool reserve(size_t size) {
    if (data_ && size <= size_) return true;
    release();
    const size_t wanted = size > 0 ? size : 1;
    data_ = ::operator new(wanted, alignment(wanted), std::nothrow);
    size_ = data_ ? wanted : 0;
#if ONNXC_RUNTIME_HAS_MMAP && defined(MADV_HUGEPAGE)
    if (size_ >= 2 * kHugePage) madvise(data_, size_ / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
    return data_ != nullptr;
  }

 private:
  static std::align_val_t alignment(size_t size) {
    return std::align_val_t{size >= 2 * kHugePage ? kHugePage : kAlignment};
  }

  void release() {
    ::operator delete(data_, alignment(size_));
    data_ = nullptr;
    size_ = 0;
  }

  void* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace onnxc::runtime
