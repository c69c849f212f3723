// Protocol buffers' wire format: a cursor over the fields of one message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace onnxc {

using Bytes = std::span<const std::byte>;

// One field as it lies in the file. `payload` holds the bytes of a length-delimited, fixed32 or
// fixed64 field, and the encoded varint of a varint field, so that repeated numbers read alike
// whether they are packed or not.
struct WireField {
  enum class Kind : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
  int number = 0;
  Kind kind = Kind::kVarint;
  uint64_t varint = 0;
  Bytes payload;

  // The value as that type; throws CompileError when the field has another wire type.
  int64_t as_int() const;
  float as_float() const;
  double as_double() const;
  std::string as_string() const;
  Bytes as_message() const;
  // Bytes of one or more packed (or one unpacked) element of that wire type.
  Bytes as_packed(Kind element) const;
};

// Reads fields in order. Every read is bounds-checked; a broken encoding throws CompileError with
// its offset in the file.
class WireReader {
 public:
  // `file_start` is where the file begins, for offsets in messages.
  WireReader(Bytes message, const std::byte* file_start)
      : at_(message.data()), end_(message.data() + message.size()), start_(file_start) {}

  bool at_end() const { return at_ == end_; }
  WireField next();

 private:
  uint64_t read_varint();
  Bytes read_bytes(uint64_t count);

  const std::byte* at_;
  const std::byte* end_;
  const std::byte* start_;
};

// Varints laid end to end.
std::vector<int64_t> unpack_varints(Bytes packed);

}  // namespace onnxc
