// A constant's storage: shared bytes, copy on write, element access by type.
#include "compiler/ir/tensor.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <mutex>

#include "compiler/ir/narrow_float.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

int64_t element_count(const std::vector<int64_t>& dims) {
  int64_t count = 1;
  for (const int64_t dim : dims) {
    ONNXC_CHECK(dim >= 0, "tensor with a negative dimension {}", dim);
    ONNXC_CHECK(!__builtin_mul_overflow(count, dim, &count), "tensor size overflows");
  }
  return count;
}

bool lies_aligned(std::span<const std::byte> bytes, size_t element_size) {
  const size_t alignment = std::min<size_t>(element_size, 8);
  return alignment < 2 || reinterpret_cast<uintptr_t>(bytes.data()) % alignment == 0;
}

template <class T>
T load(const std::byte* bytes, int64_t i) {
  T value;
  std::memcpy(&value, bytes + static_cast<size_t>(i) * sizeof(T), sizeof(T));
  return value;
}

template <class T>
void store(std::byte* bytes, int64_t i, T value) {
  std::memcpy(bytes + static_cast<size_t>(i) * sizeof(T), &value, sizeof(T));
}

// Calls `visit` with a value of the C++ type that stores integers and bools of `type`.
template <class Visit>
auto with_integer_type(DType type, Visit&& visit) {
  switch (type) {
    case DType::kUint8:
    case DType::kBool:
    case DType::kUint4:
    case DType::kUint2:
      return visit(uint8_t{});
    case DType::kInt8:
    case DType::kInt4:
    case DType::kInt2:
      return visit(int8_t{});
    case DType::kUint16:
      return visit(uint16_t{});
    case DType::kInt16:
      return visit(int16_t{});
    case DType::kUint32:
      return visit(uint32_t{});
    case DType::kInt32:
      return visit(int32_t{});
    case DType::kUint64:
      return visit(uint64_t{});
    case DType::kInt64:
      return visit(int64_t{});
    default:
      break;
  }
  throw InternalError(__FILE__, __LINE__, fmt::format("no numbers in a tensor of {}", name(type)));
}

template <class T>
T clamped(double value, double low, double high) {
  if (std::isnan(value)) return T{0};
  if (value <= low) return static_cast<T>(low);
  if (value >= high) return high >= 0x1p63 ? std::numeric_limits<T>::max() : static_cast<T>(high);
  return static_cast<T>(value);
}

// Largest and smallest integer of the type, as doubles (2^63 and 2^64 where the largest is not
// one).
double upper_bound(DType type) {
  const int bits = static_cast<int>(file_bits(type));
  const int value_bits = is_signed(type) ? bits - 1 : bits;
  return value_bits > 53 ? std::ldexp(1.0, value_bits) : std::ldexp(1.0, value_bits) - 1;
}
double lower_bound(DType type) {
  return is_signed(type) ? -std::ldexp(1.0, static_cast<int>(file_bits(type)) - 1) : 0.0;
}

// The low bits that a type of fewer than 8 bits keeps, sign-extended where it is signed.
int64_t wrapped(DType type, int64_t value) {
  const size_t bits = file_bits(type);
  if (bits >= 8) return value;
  const int64_t low = value & ((1 << bits) - 1);
  return is_signed(type) && (low >> (bits - 1)) ? low - (1 << bits) : low;
}

}  // namespace

struct Tensor::Realigned {
  std::once_flag once;
  std::vector<std::byte> bytes;
};

Tensor::Tensor(DType type, std::vector<int64_t> dims) : type_(type), dims_(std::move(dims)) {
  const auto count = static_cast<size_t>(element_count(dims_));
  if (type_ == DType::kString) {
    strings_ = std::make_shared<std::vector<std::string>>(count);
    return;
  }
  auto storage = std::make_shared<std::vector<std::byte>>(count * byte_size(type_));
  bytes_ = *storage;
  owner_ = std::move(storage);
  owned_ = true;
}

Tensor::Tensor(DType type, std::vector<int64_t> dims, std::span<const std::byte> bytes,
               std::shared_ptr<const void> owner)
    : type_(type), dims_(std::move(dims)), bytes_(bytes), owner_(std::move(owner)) {
  ONNXC_CHECK(type_ != DType::kString, "strings have no bytes to view");
  const auto expected = static_cast<size_t>(element_count(dims_)) * byte_size(type_);
  ONNXC_CHECK(bytes_.size() == expected, "view of {} bytes for a tensor of {}", bytes_.size(),
              expected);
  if (!lies_aligned(bytes_, byte_size(type_))) realigned_ = std::make_shared<Realigned>();
}

Tensor Tensor::of_strings(std::vector<int64_t> dims, std::vector<std::string> strings) {
  ONNXC_CHECK(static_cast<size_t>(element_count(dims)) == strings.size(),
              "{} strings for {} elements", strings.size(), element_count(dims));
  Tensor tensor;
  tensor.type_ = DType::kString;
  tensor.dims_ = std::move(dims);
  tensor.strings_ = std::make_shared<std::vector<std::string>>(std::move(strings));
  return tensor;
}

Tensor Tensor::scalar(DType type, double value) {
  Tensor tensor(type, {});
  tensor.set(0, value);
  return tensor;
}

Tensor Tensor::of_int64(const std::vector<int64_t>& values) {
  return of(DType::kInt64, {static_cast<int64_t>(values.size())}, values);
}

int64_t Tensor::size() const { return element_count(dims_); }

std::byte* Tensor::mutable_bytes() {
  if (!owned_ || owner_.use_count() != 1) {
    auto storage = std::make_shared<std::vector<std::byte>>(bytes_.begin(), bytes_.end());
    bytes_ = *storage;
    owner_ = std::move(storage);
    realigned_.reset();
    owned_ = true;
  }
  return const_cast<std::byte*>(bytes_.data());
}

const std::byte* Tensor::aligned_bytes() const {
  std::call_once(realigned_->once, [&] { realigned_->bytes.assign(bytes_.begin(), bytes_.end()); });
  return realigned_->bytes.data();
}

double Tensor::as_double(int64_t i) const {
  const std::byte* bytes = bytes_.data();
  if (type_ == DType::kFloat) return load<float>(bytes, i);
  if (type_ == DType::kDouble) return load<double>(bytes, i);
  if (is_float(type_)) {
    const uint32_t bits =
        byte_size(type_) == 2 ? load<uint16_t>(bytes, i) : load<uint8_t>(bytes, i);
    return decode_narrow(type_, bits);
  }
  return with_integer_type(
      type_, [&](auto zero) { return static_cast<double>(load<decltype(zero)>(bytes, i)); });
}

int64_t Tensor::as_int64(int64_t i) const {
  if (is_float(type_)) return clamped<int64_t>(std::trunc(as_double(i)), -0x1p63, 0x1p63);
  return with_integer_type(type_, [&](auto zero) {
    return static_cast<int64_t>(load<decltype(zero)>(bytes_.data(), i));
  });
}

std::vector<int64_t> Tensor::as_int64s() const {
  std::vector<int64_t> values(static_cast<size_t>(size()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = as_int64(static_cast<int64_t>(i));
  return values;
}

void Tensor::set(int64_t i, double value) {
  std::byte* bytes = mutable_bytes();
  if (type_ == DType::kFloat) return store(bytes, i, static_cast<float>(value));
  if (type_ == DType::kDouble) return store(bytes, i, value);
  if (is_float(type_)) {
    const uint32_t bits = encode_narrow_double(type_, value);
    if (byte_size(type_) == 2) return store(bytes, i, static_cast<uint16_t>(bits));
    return store(bytes, i, static_cast<uint8_t>(bits));
  }
  if (type_ == DType::kBool) return store(bytes, i, static_cast<uint8_t>(value != 0));
  with_integer_type(type_, [&](auto zero) {
    using T = decltype(zero);
    store(bytes, i, clamped<T>(std::nearbyint(value), lower_bound(type_), upper_bound(type_)));
  });
}

void Tensor::set_int64(int64_t i, int64_t value) {
  if (!is_integer(type_)) return set(i, static_cast<double>(value));
  std::byte* bytes = mutable_bytes();
  with_integer_type(type_, [&](auto zero) {
    store(bytes, i, static_cast<decltype(zero)>(wrapped(type_, value)));
  });
}

Tensor Tensor::reshaped(std::vector<int64_t> dims) const {
  ONNXC_CHECK(element_count(dims) == size(), "reshape from {} to {} elements", size(),
              element_count(dims));
  Tensor result = *this;
  result.dims_ = std::move(dims);
  return result;
}

std::vector<std::byte> pack_bits(const Tensor& tensor) {
  const size_t bits = file_bits(tensor.type()), per_byte = 8 / bits;
  const auto elements = tensor.bytes();
  const auto mask = static_cast<std::byte>((1u << bits) - 1);
  std::vector<std::byte> packed((elements.size() + per_byte - 1) / per_byte);
  for (size_t i = 0; i < elements.size(); ++i)
    packed[i / per_byte] |= (elements[i] & mask) << (i % per_byte * bits);
  return packed;
}

Tensor unpack_bits(DType type, const std::vector<int64_t>& dims,
                   std::span<const std::byte> packed) {
  Tensor tensor(type, dims);
  auto* out = tensor.mutable_data<uint8_t>();
  const auto count = static_cast<size_t>(tensor.size());
  const size_t bits = file_bits(type), per_byte = 8 / bits;
  const auto mask = static_cast<uint8_t>((1u << bits) - 1);
  const auto sign = static_cast<uint8_t>(is_signed(type) ? 1u << (bits - 1) : 0);
  for (size_t i = 0; i < count; ++i) {
    const auto byte = static_cast<uint8_t>(packed[i / per_byte]);
    const auto value = static_cast<uint8_t>((byte >> (i % per_byte * bits)) & mask);
    out[i] = static_cast<uint8_t>((value ^ sign) - sign);
  }
  return tensor;
}

}  // namespace onnxc
