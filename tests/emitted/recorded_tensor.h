// Reads a recorded tensor (TensorProto in a .pb file) with the C++ library alone, so that it can be
// compiled for any machine.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

// Of float (type 1) or int64 (type 7); `bytes` are little-endian and row-major.
struct RecordedTensor {
  std::vector<int64_t> shape;
  int32_t type = 0;
  std::string bytes;
};

// A cursor over protobuf's wire format; reading past the end ends the program.
class WireCursor {
 public:
  explicit WireCursor(std::string text) : text_(std::move(text)) {}

  bool at_end() const { return next_ == text_.size(); }

  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes(1)[0]);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  }

  std::string bytes(size_t count) {
    if (count > text_.size() - next_) std::abort();
    next_ += count;
    return text_.substr(next_ - count, count);
  }

 private:
  std::string text_;
  size_t next_ = 0;
};

// Where there is no such file, type is 0.
inline RecordedTensor read_recorded(const std::string& path) {
  RecordedTensor tensor;
  std::ifstream file(path, std::ios::binary);
  if (!file) return tensor;
  WireCursor cursor({std::istreambuf_iterator<char>(file), {}});
  while (!cursor.at_end()) {
    const uint64_t key = cursor.varint();
    constexpr int kDims = 1, kType = 2, kRawData = 9;
    const uint64_t field = key >> 3, wire = key & 7;
    if (wire == 0) {
      const uint64_t value = cursor.varint();
      if (field == kDims) tensor.shape.push_back(static_cast<int64_t>(value));
      if (field == kType) tensor.type = static_cast<int32_t>(value);
    } else if (wire == 2) {
      WireCursor content(cursor.bytes(cursor.varint()));
      if (field == kDims) {
        while (!content.at_end()) tensor.shape.push_back(static_cast<int64_t>(content.varint()));
      }
      if (field == kRawData) {
        while (!content.at_end()) tensor.bytes += content.bytes(1);
      }
    } else {
      std::abort();
    }
  }
  return tensor;
}
