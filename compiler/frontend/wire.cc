// Decoding of tags, varints and lengths.
#include "compiler/frontend/wire.h"

#include <cstring>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr int kMaxVarintBytes = 10;

[[noreturn]] void wrong_type(const WireField& field, const char* expected) {
  throw CompileError("field {} should hold {} but has wire type {}", field.number, expected,
                     static_cast<int>(field.kind));
}

}  // namespace

int64_t WireField::as_int() const {
  if (kind != Kind::kVarint) wrong_type(*this, "an integer");
  return static_cast<int64_t>(varint);
}

float WireField::as_float() const {
  if (kind != Kind::kFixed32) wrong_type(*this, "a float");
  float value;
  std::memcpy(&value, payload.data(), sizeof value);
  return value;
}

double WireField::as_double() const {
  if (kind != Kind::kFixed64) wrong_type(*this, "a double");
  double value;
  std::memcpy(&value, payload.data(), sizeof value);
  return value;
}

std::string WireField::as_string() const {
  if (kind != Kind::kBytes) wrong_type(*this, "a string");
  return {reinterpret_cast<const char*>(payload.data()), payload.size()};
}

Bytes WireField::as_message() const {
  if (kind != Kind::kBytes) wrong_type(*this, "a message");
  return payload;
}

Bytes WireField::as_packed(Kind element) const {
  if (kind != Kind::kBytes && kind != element) wrong_type(*this, "packed numbers");
  const size_t width = element == Kind::kFixed32 ? 4 : element == Kind::kFixed64 ? 8 : 1;
  if (payload.size() % width != 0) {
    throw CompileError("field {} has {} bytes, which is no multiple of {}", number, payload.size(),
                       width);
  }
  return payload;
}

uint64_t WireReader::read_varint() {
  uint64_t value = 0;
  for (int i = 0; i < kMaxVarintBytes; ++i) {
    if (at_ == end_) throw CompileError("the data ends inside a number at byte {}", at_ - start_);
    const auto byte = static_cast<uint64_t>(*at_++);
    value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) return value;
  }
  throw CompileError("a number at byte {} is longer than {} bytes", at_ - start_, kMaxVarintBytes);
}

Bytes WireReader::read_bytes(uint64_t count) {
  const auto left = static_cast<uint64_t>(end_ - at_);
  if (count > left) {
    throw CompileError("a field at byte {} has {} bytes, but only {} are left", at_ - start_, count,
                       left);
  }
  const Bytes bytes(at_, static_cast<size_t>(count));
  at_ += count;
  return bytes;
}

WireField WireReader::next() {
  const std::byte* const tag_start = at_;
  const uint64_t tag = read_varint();
  WireField field;
  if (tag >> 3 == 0 || tag >> 3 > (1u << 29) - 1) {
    throw CompileError("byte {} holds no valid field number", tag_start - start_);
  }
  field.number = static_cast<int>(tag >> 3);
  switch (tag & 7) {
    case 0: {
      const std::byte* const from = at_;
      field.varint = read_varint();
      field.payload = Bytes(from, at_);
      return field;
    }
    case 1:
      field.kind = WireField::Kind::kFixed64;
      field.payload = read_bytes(8);
      return field;
    case 2:
      field.kind = WireField::Kind::kBytes;
      field.payload = read_bytes(read_varint());
      return field;
    case 5:
      field.kind = WireField::Kind::kFixed32;
      field.payload = read_bytes(4);
      return field;
    default:
      break;
  }
  throw CompileError("byte {} holds the unknown wire type {}", tag_start - start_, tag & 7);
}

std::vector<int64_t> unpack_varints(Bytes packed) {
  std::vector<int64_t> values;
  size_t i = 0;
  while (i < packed.size()) {
    uint64_t value = 0;
    int shift = 0;
    while (true) {
      if (i == packed.size() || shift > 63)
        throw CompileError("a packed list of integers is cut or garbled");
      const auto byte = static_cast<uint64_t>(packed[i++]);
      value |= (byte & 0x7f) << shift;
      shift += 7;
      if (byte < 0x80) break;
    }
    values.push_back(static_cast<int64_t>(value));
  }
  return values;
}

}  // namespace onnxc
