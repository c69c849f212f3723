// A constant: element type, static dimensions, and bytes that are owned or a view into a mapped
// file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "compiler/ir/dtype.h"

namespace onnxc {

// Row-major, little-endian, one element per byte_size(type) bytes (sub-byte types are unpacked to a
// byte each). Copying shares the bytes. Strings are kept apart, in `strings`.
class Tensor {
 public:
  Tensor() = default;
  // Zero-filled and owned.
  Tensor(DType type, std::vector<int64_t> dims);
  // A view: `owner` keeps `bytes` alive (a mapped file, another tensor's storage).
  Tensor(DType type, std::vector<int64_t> dims, std::span<const std::byte> bytes,
         std::shared_ptr<const void> owner);
  static Tensor of_strings(std::vector<int64_t> dims, std::vector<std::string> strings);
  template <class T>
  static Tensor of(DType type, std::vector<int64_t> dims, const std::vector<T>& values);
  static Tensor scalar(DType type, double value);
  static Tensor of_int64(const std::vector<int64_t>& values);  // rank 1

  DType type() const { return type_; }
  const std::vector<int64_t>& dims() const { return dims_; }
  int64_t size() const;  // elements
  size_t byte_count() const { return bytes_.size(); }
  std::span<const std::byte> bytes() const { return bytes_; }
  // The elements, aligned for T. A view that lies unaligned in its file is copied once, on first
  // use.
  template <class T>
  const T* data() const {
    return reinterpret_cast<const T*>(alignof(T) > 1 && realigned_ ? aligned_bytes()
                                                                   : bytes_.data());
  }
  // Owned bytes for writing; copies first if they are shared or a view.
  std::byte* mutable_bytes();
  template <class T>
  T* mutable_data() {
    return reinterpret_cast<T*>(mutable_bytes());
  }
  const std::vector<std::string>& strings() const { return *strings_; }

  // Element `i` converted to double or int64 (narrow floats decoded; integers beyond 2^53 lose
  // digits as double).
  double as_double(int64_t i) const;
  int64_t as_int64(int64_t i) const;
  std::vector<int64_t> as_int64s() const;
  // Stores `value` rounded to the tensor's type; integers are rounded to nearest even and clamped,
  // NaN becomes 0.
  void set(int64_t i, double value);
  // Stores an integer exactly where the type holds it; narrower integers keep the low bits.
  void set_int64(int64_t i, int64_t value);
  // The same bytes with other dimensions (equal element count).
  Tensor reshaped(std::vector<int64_t> dims) const;

 private:
  DType type_ = DType::kUndefined;
  std::vector<int64_t> dims_;
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<const std::vector<std::string>> strings_;
  bool owned_ = false;  // bytes_ lies in owner_, which is a std::vector<std::byte> of ours

  struct Realigned;
  const std::byte* aligned_bytes() const;
  std::shared_ptr<Realigned> realigned_;  // of a view that is not aligned for its type
};

// Elements below 8 bits as files and callers of generated code keep them: several in a byte, the
// first in the lowest bits. `packed` holds at least bits / 8 bytes for each element, rounded up.
std::vector<std::byte> pack_bits(const Tensor& tensor);
Tensor unpack_bits(DType type, const std::vector<int64_t>& dims, std::span<const std::byte> packed);

// Narrow floating-point types to and from float, rounding to nearest even. `bits` is the stored
// pattern. Numbers out of range become infinite in float16 and bfloat16 and the largest finite one
// in the 8- and 4-bit types; infinity stays infinity where the type has it, else it becomes the
// largest number (NaN in float8e8m0).
float decode_narrow(DType type, uint32_t bits);
uint32_t encode_narrow(DType type, float value);

template <class T>
Tensor Tensor::of(DType type, std::vector<int64_t> dims, const std::vector<T>& values) {
  Tensor t(type, std::move(dims));
  for (size_t i = 0; i < values.size(); ++i) {
    if constexpr (std::is_integral_v<T>) {
      t.set_int64(static_cast<int64_t>(i), static_cast<int64_t>(values[i]));
    } else {
      t.set(static_cast<int64_t>(i), static_cast<double>(values[i]));
    }
  }
  return t;
}

}  // namespace onnxc
