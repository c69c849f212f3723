// Protobuf messages written field by field, well-formed or not, for tests of binary files.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

namespace onnxc {

class WireMessage {
 public:
  WireMessage& varint(int field, uint64_t value) {
    put(static_cast<uint64_t>(field) << 3);
    return put(value);
  }
  WireMessage& bytes(int field, const std::string& value) {
    put(static_cast<uint64_t>(field) << 3 | 2);
    put(value.size());
    text_ += value;
    return *this;
  }
  WireMessage& message(int field, const WireMessage& value) { return bytes(field, value.text_); }
  WireMessage& fixed32(int field, float value) {
    put(static_cast<uint64_t>(field) << 3 | 5);
    text_.append(reinterpret_cast<const char*>(&value), 4);
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  WireMessage& put(uint64_t value) {
    for (; value >= 0x80; value >>= 7) text_ += static_cast<char>(value | 0x80);
    text_ += static_cast<char>(value);
    return *this;
  }
  std::string text_;
};

// The messages of onnx.proto that tests need.
inline WireMessage wire_opset(int version, const std::string& domain = "") {
  return WireMessage().bytes(1, domain).varint(2, static_cast<uint64_t>(version));
}

inline WireMessage wire_node(const std::string& op_type,
                             const std::initializer_list<std::string> inputs,
                             const std::initializer_list<std::string> outputs,
                             const std::string& name = "") {
  WireMessage node;
  for (const std::string& input : inputs) node.bytes(1, input);
  for (const std::string& output : outputs) node.bytes(2, output);
  return node.bytes(3, name).bytes(4, op_type);
}

inline WireMessage wire_value(const std::string& name, int type,
                              const std::initializer_list<int64_t> dims) {
  WireMessage shape;
  for (const int64_t dim : dims)
    shape.message(1, WireMessage().varint(1, static_cast<uint64_t>(dim)));
  const WireMessage tensor = WireMessage().varint(1, static_cast<uint64_t>(type)).message(2, shape);
  return WireMessage().bytes(1, name).message(2, WireMessage().message(1, tensor));
}

// Type and dimensions only; data fields are appended by the test.
inline WireMessage wire_tensor(const std::string& name, int type,
                               const std::initializer_list<int64_t> dims) {
  WireMessage tensor;
  for (const int64_t dim : dims) tensor.varint(1, static_cast<uint64_t>(dim));
  return tensor.varint(2, static_cast<uint64_t>(type)).bytes(8, name);
}

inline WireMessage wire_model(const WireMessage& graph, int opset = 17) {
  return WireMessage().varint(1, 8).message(8, wire_opset(opset)).message(7, graph);
}

// y = Add(x, w) with w as given: the smallest model with an initializer.
inline WireMessage wire_graph_with_initializer(const WireMessage& initializer) {
  return WireMessage()
      .message(1, wire_node("Add", {"x", "w"}, {"y"}, "sum"))
      .bytes(2, "g")
      .message(5, initializer)
      .message(11, wire_value("x", 1, {2}))
      .message(12, wire_value("y", 1, {2}));
}

template <class T>
std::string raw(const std::initializer_list<T> values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

}  // namespace onnxc
