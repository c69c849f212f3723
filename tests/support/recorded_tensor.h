// Reads a recorded tensor (TensorProto in a .pb file) with the C++ library alone, so that it can be
// compiled for any machine.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

// `type` is the number of ONNX's TensorProto.DataType, `bytes` are little-endian and row-major.
struct RecordedTensor {
  std::vector<int64_t> shape;
  int32_t type = 0;
  std::string bytes;
};

// A cursor over protobuf's wire format; reading past the end ends the program.
class WireCursor {
 public:
  explicit WireCursor(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }

  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes(1)[0]);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  }

  std::string_view bytes(uint64_t count) {
    if (count > text_.size()) std::abort();
    const std::string_view taken = text_.substr(0, count);
    text_.remove_prefix(count);
    return taken;
  }

 private:
  std::string_view text_;
};

// Where there is no such file, type is 0.
inline RecordedTensor read_recorded(const std::string& path) {
  RecordedTensor tensor;
  std::ifstream file(path, std::ios::binary);
  if (!file) return tensor;
  std::stringstream content;
  content << file.rdbuf();
  const std::string text = content.str();
  WireCursor cursor(text);
  while (!cursor.at_end()) {
    const uint64_t key = cursor.varint();
    constexpr int kDims = 1, kType = 2, kRawData = 9;
    const uint64_t field = key >> 3, wire = key & 7;
    if (wire == 0) {
      const uint64_t value = cursor.varint();
      if (field == kDims) tensor.shape.push_back(static_cast<int64_t>(value));
      if (field == kType) tensor.type = static_cast<int32_t>(value);
    } else if (wire == 2) {
      const std::string_view value = cursor.bytes(cursor.varint());
      if (field == kRawData) tensor.bytes = value;
      WireCursor sizes(field == kDims ? value : std::string_view());
      while (!sizes.at_end()) tensor.shape.push_back(static_cast<int64_t>(sizes.varint()));
    } else {
      std::abort();
    }
  }
  return tensor;
}
