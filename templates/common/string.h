// Strings as views: of the caller's inputs, of constants, or of bytes that steps keep in the
// workspace.
#pragma once

#include <stdint.h>

namespace onnxc {

// `size` bytes of UTF-8, not terminated. Laid out as the struct of the generated header.
struct String {
  const char* data;
  uint64_t size;
};

// Negative, 0 or positive as a stands before, with or after b in the order of bytes.
[[maybe_unused]] inline int compare(String a, String b) {
  const uint64_t size = a.size < b.size ? a.size : b.size;
  for (uint64_t i = 0; i < size; ++i) {
    if (a.data[i] != b.data[i]) return int(uint8_t(a.data[i])) - int(uint8_t(b.data[i]));
  }
  return a.size == b.size ? 0 : a.size < b.size ? -1 : 1;
}

[[maybe_unused]] inline bool eq(String a, String b) {
  return a.size == b.size && compare(a, b) == 0;
}
[[maybe_unused]] inline bool ne(String a, String b) { return !eq(a, b); }

// Bytes that strings are made of, one after the other, in a buffer of stated capacity.
class StringBytes {
 public:
  StringBytes(uint8_t* bytes, int64_t capacity) : bytes_(bytes), capacity_(uint64_t(capacity)) {}

  // Adds to the string begun last.
  void add(const char* data, uint64_t size) {
    if (size > capacity_ - used_) {
      full_ = true;
      return;
    }
    for (uint64_t i = 0; i < size; ++i) bytes_[used_ + i] = uint8_t(data[i]);
    used_ += size;
  }
  void add(char c) { add(&c, 1); }
  // The bytes added since the last call.
  String take() {
    const String s = {reinterpret_cast<const char*>(bytes_) + begin_, used_ - begin_};
    begin_ = used_;
    return s;
  }
  bool full() const { return full_; }

 private:
  uint8_t* bytes_;
  uint64_t capacity_, used_ = 0, begin_ = 0;
  bool full_ = false;
};

}  // namespace onnxc
