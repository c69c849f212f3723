// Opens a .weights file for a generated function: mapped where the system can, read where it
// cannot.
#pragma once

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <string>
#include <utility>

#include "workspace.h"

#if ONNXC_RUNTIME_HAS_MMAP
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace onnxc::runtime {

// The first 64 bytes of a .weights file, little-endian.
struct WeightsHeader {
  char magic[8];           // "ONNXCW01"
  uint64_t file_size;      // of the whole file, this header included
  uint8_t model_hash[32];  // SHA-256 of the model
  uint64_t checksum;  // FNV-1a over the 8-byte words that follow, the last one padded with zeros
  uint64_t layout;    // of which constant lies where, as the code that reads them has it
};
static_assert(sizeof(WeightsHeader) == 64);

inline uint64_t weights_checksum(const void* payload, size_t size) {
  uint64_t sum = 14695981039346656037u;
  const auto* bytes = static_cast<const unsigned char*>(payload);
  for (size_t at = 0; at < size; at += 8) {
    uint64_t word = 0;
    memcpy(&word, bytes + at, size - at < 8 ? size - at : 8);
    sum = (sum ^ word) * 1099511628211u;
  }
  return sum;
}

// The bytes of one .weights file, aligned to 64. Stays in place until destroyed; moving keeps
// data() valid.
class Weights {
 public:
  // Checks magic and size. On failure the result is false and error() says what was found.
  static Weights open(const std::string& path) {
    Weights weights;
    weights.path_ = path;
    if (!weights.load() || !weights.check_header()) weights.release();
    return weights;
  }

  Weights() = default;
  Weights(Weights&& other) noexcept { *this = std::move(other); }
  Weights& operator=(Weights&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(error_, other.error_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(copy_, other.copy_);
    return *this;
  }
  ~Weights() { release(); }

  explicit operator bool() const { return data_ != nullptr; }
  const std::string& error() const {
    return error_;
  }  // starts with the path; empty where all is well
  const void* data() const { return data_; }
  size_t size() const { return size_; }

  // SHA-256 of the model these weights were made from, as in NAME_model.model_hash: 64 hexadecimal
  // digits.
  std::string model_hash() const {
    std::string text;
    if (!data_) return text;
    for (const uint8_t byte : header().model_hash) {
      text += "0123456789abcdef"[byte >> 4];
      text += "0123456789abcdef"[byte & 15];
    }
    return text;
  }

  // Reads every byte. False: damaged, and error() says so.
  bool verify_checksum() {
    if (!data_) return false;
    const auto* payload = static_cast<const char*>(data_) + sizeof(WeightsHeader);
    if (weights_checksum(payload, size_ - sizeof(WeightsHeader)) == header().checksum) return true;
    return fail("damaged: its checksum differs from the one it was written with");
  }

 private:
  WeightsHeader header() const {
    WeightsHeader result;
    memcpy(&result, data_, sizeof result);
    return result;
  }

  bool fail(const std::string& reason) {
    error_ = path_ + ": " + reason;
    return false;
  }

  bool check_header() {
    if (size_ < sizeof(WeightsHeader)) {
      return fail("not a weights file: it has " + std::to_string(size_) +
                  " bytes, its header alone has 64");
    }
    if (memcmp(header().magic, "ONNXCW01", 8) != 0) {
      return fail("not a weights file of this version: it does not start with ONNXCW01");
    }
    if (header().file_size != size_) {
      return fail("cut short or damaged: it says " + std::to_string(header().file_size) +
                  " bytes and has " + std::to_string(size_));
    }
    return true;
  }

#if ONNXC_RUNTIME_HAS_MMAP
  bool load() {
    const int file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return fail(std::string("cannot be opened: ") + strerror(errno));
    struct stat status;
    const bool regular = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    if (regular && status.st_size > 0) {
      size_ = static_cast<size_t>(status.st_size);
      void* mapped = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
      if (mapped != MAP_FAILED) data_ = mapped;
    }
    const int reason = errno;
    close(file);
    if (!regular) return fail("not a regular file");
    if (status.st_size == 0) return fail("not a weights file: it is empty");
    return data_ || fail(std::string("cannot be mapped: ") + strerror(reason));
  }

  void release() {
    if (data_) munmap(const_cast<void*>(data_), size_);
    data_ = nullptr;
    size_ = 0;
  }
#else
  bool load() {
    FILE* file = fopen(path_.c_str(), "rb");
    if (!file) return fail(std::string("cannot be opened: ") + strerror(errno));
    const bool sized = fseek(file, 0, SEEK_END) == 0;
    const long size = sized ? ftell(file) : -1;
    rewind(file);
    const bool read =
        size > 0 && copy_.reserve(static_cast<size_t>(size)) &&
        fread(copy_.data(), 1, static_cast<size_t>(size), file) == static_cast<size_t>(size);
    fclose(file);
    if (size == 0) return fail("not a weights file: it is empty");
    if (!read) return fail("cannot be read");
    data_ = copy_.data();
    size_ = static_cast<size_t>(size);
    return true;
  }

  void release() {
    copy_ = Workspace();
    data_ = nullptr;
    size_ = 0;
  }
#endif

  std::string path_, error_;
  const void* data_ = nullptr;
  size_t size_ = 0;
  Workspace copy_;
};

}  // namespace onnxc::runtime
