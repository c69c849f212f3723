// Whole numbers of up to 1344 bits: what exact conversion between binary and decimal needs.
#pragma once

#include <stdint.h>

namespace onnxc {

class BigNumber {
 public:
  explicit BigNumber(uint64_t value) : words_{uint32_t(value), uint32_t(value >> 32)} {
    size_ = value >> 32 ? 2 : value ? 1 : 0;
  }

  void multiply(uint32_t factor) {
    uint64_t carry = 0;
    for (int i = 0; i < size_; ++i) {
      carry += uint64_t(words_[i]) * factor;
      words_[i] = uint32_t(carry);
      carry >>= 32;
    }
    if (carry) words_[size_++] = uint32_t(carry);
  }
  void multiply_by_power_of_ten(int exponent) {
    for (; exponent >= 9; exponent -= 9) multiply(1000000000u);
    for (; exponent > 0; --exponent) multiply(10);
  }
  void shift_left(int bits) {
    for (; bits >= 31; bits -= 31) multiply(0x80000000u);
    if (bits > 0) multiply(1u << bits);
  }
  void add(const BigNumber& other) {
    uint64_t carry = 0;
    if (size_ < other.size_) size_ = other.size_;
    for (int i = 0; i < size_; ++i) {
      carry += uint64_t(words_[i]) + other.words_[i];
      words_[i] = uint32_t(carry);
      carry >>= 32;
    }
    if (carry) words_[size_++] = uint32_t(carry);
  }
  // `other` is at most this number.
  void subtract(const BigNumber& other) {
    int64_t borrow = 0;
    for (int i = 0; i < size_; ++i) {
      borrow += int64_t(words_[i]) - int64_t(other.words_[i]);
      words_[i] = uint32_t(borrow);
      borrow >>= 32;
    }
    while (size_ > 0 && words_[size_ - 1] == 0) --size_;
  }
  // Negative, 0 or positive.
  int compare(const BigNumber& other) const {
    if (size_ != other.size_) return size_ - other.size_;
    for (int i = size_ - 1; i >= 0; --i) {
      if (words_[i] != other.words_[i]) return words_[i] < other.words_[i] ? -1 : 1;
    }
    return 0;
  }
  bool is_zero() const { return size_ == 0; }
  int bits() const {
    if (size_ == 0) return 0;
    int top = 32;
    while (!(words_[size_ - 1] >> (top - 1))) --top;
    return 32 * (size_ - 1) + top;
  }

 private:
  static constexpr int kWords = 42;
  uint32_t words_[kWords] = {};
  int size_ = 0;
};

}  // namespace onnxc
