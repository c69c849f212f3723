// Calls a generated function by the names of its inputs and outputs, with checked types and shapes.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "dim_text.h"
#include "workspace.h"

namespace onnxc::runtime {

// One of ONNX's element types.
struct ElementType {
  int32_t number;  // TensorProto.DataType
  const char* name;
  size_t size;  // bytes of one element in memory; of one byte's elements where there are several
  int per_byte = 1;

  int64_t bytes(int64_t count) const {
    return (count + per_byte - 1) / per_byte * static_cast<int64_t>(size);
  }
};

// Null where ONNX has no such type, or none of a fixed size.
inline const ElementType* element_type(int32_t number) {
  static constexpr ElementType kTypes[] = {
      {1, "float", 4},       {2, "uint8", 1},           {3, "int8", 1},
      {4, "uint16", 2},      {5, "int16", 2},           {6, "int32", 4},
      {7, "int64", 8},       {8, "string", 16},         {9, "bool", 1},
      {10, "float16", 2},    {11, "double", 8},         {12, "uint32", 4},
      {13, "uint64", 8},     {14, "complex64", 8},      {15, "complex128", 16},
      {16, "bfloat16", 2},   {17, "float8e4m3fn", 1},   {18, "float8e4m3fnuz", 1},
      {19, "float8e5m2", 1}, {20, "float8e5m2fnuz", 1}, {21, "uint4", 1, 2},
      {22, "int4", 1, 2},    {23, "float4e2m1", 1, 2},  {24, "float8e8m0", 1},
      {25, "uint2", 1, 4},   {26, "int2", 1, 4}};
  for (const ElementType& type : kTypes) {
    if (type.number == number) return &type;
  }
  return nullptr;
}

// The number of a C++ type's own element type; 0 where it has none.
template <class T>
constexpr int32_t element_type_of() {
  if (std::is_same_v<T, float>) return 1;
  if (std::is_same_v<T, double>) return 11;
  if (std::is_same_v<T, bool>) return 9;
  if (!std::is_integral_v<T>) return 0;
  constexpr int32_t kSigned[] = {0, 3, 5, 0, 6, 0, 0, 0, 7};
  constexpr int32_t kUnsigned[] = {0, 2, 4, 0, 12, 0, 0, 0, 13};
  return std::is_signed_v<T> ? kSigned[sizeof(T)] : kUnsigned[sizeof(T)];
}

// An output of the last call; its bytes belong to the NamedModel and live until its next call.
struct OutputTensor {
  int32_t type = 0;
  std::vector<int64_t> shape;
  const void* data = nullptr;

  int64_t elements() const {
    int64_t count = 1;
    for (const int64_t extent : shape) count *= extent;
    return count;
  }
  // Null where the element type is not T's.
  template <class T>
  const T* as() const {
    return type == element_type_of<T>() ? static_cast<const T*>(data) : nullptr;
  }
};

// A generated model whose tensors are given by name:
//   onnxc::runtime::NamedModel model(digits_model, digits_run, digits_workspace_size,
//   digits_error); std::string error = model.set_input("image", {1, 1, 8, 8}, pixels); if
//   (error.empty()) error = model.run(weights.data(), weights.size()); const float* logits =
//   model.output("logits")->as<float>();
// Errors are texts, empty where all is well. Outputs and workspace are allocated here and kept for
// the next call. One NamedModel serves one thread at a time.
template <class Info, class Parallel>
class NamedModel {
 public:
  using Run = int (*)(const void* weights, size_t weights_size, void* workspace,
                      size_t workspace_size, const void* const* inputs,
                      const int64_t* const* input_shapes, void* const* outputs,
                      int64_t* const* output_shapes, const Parallel* parallel);
  using WorkspaceSize = size_t (*)(const int64_t* symbols, int threads);
  using ErrorText = const char* (*)(int code);

  NamedModel(const Info& info, Run run, WorkspaceSize workspace_size, ErrorText error_text)
      : info_(info),
        run_(run),
        workspace_size_(workspace_size),
        error_text_(error_text),
        inputs_(static_cast<size_t>(info.input_count)),
        outputs_(static_cast<size_t>(info.output_count)),
        buffers_(static_cast<size_t>(info.output_count)) {}

  // `data` holds the elements in row-major order, those below 8 bits packed as in ONNX files, and
  // has to stay until run() has returned.
  std::string set_input(std::string_view name, int32_t type, const std::vector<int64_t>& shape,
                        const void* data) {
    for (int32_t i = 0; i < info_.input_count; ++i) {
      if (name != info_.inputs[i].name) continue;
      std::string error = mismatch(info_.inputs[i], type, shape);
      if (error.empty() && !data && elements(shape) != 0) error = "the pointer is null";
      if (!error.empty()) return "input \"" + std::string(name) + "\": " + error;
      inputs_[static_cast<size_t>(i)] = {true, shape, data};
      return {};
    }
    std::string known;
    for (int32_t i = 0; i < info_.input_count; ++i) {
      known += std::string(i ? ", " : "") + "\"" + info_.inputs[i].name + "\"";
    }
    return "no input \"" + std::string(name) + "\"; " + info_.name + " has " + known;
  }

  template <class T>
  std::string set_input(std::string_view name, const std::vector<int64_t>& shape, const T* data) {
    static_assert(element_type_of<T>() != 0, "give the element type by its number");
    return set_input(name, element_type_of<T>(), shape, data);
  }

  // Runs with the inputs that are set; they stay set. `weights` may be null where the model holds
  // its own.
  std::string run(const void* weights, size_t weights_size, const Parallel* parallel = nullptr) {
    std::string error = read_symbols();
    if (error.empty()) error = allocate(parallel ? parallel->threads : 1);
    if (!error.empty()) return error;

    std::vector<const void*> inputs;
    std::vector<const int64_t*> input_shapes;
    for (const Input& input : inputs_) {
      inputs.push_back(input.data);
      input_shapes.push_back(input.shape.data());
    }
    std::vector<void*> outputs;
    std::vector<int64_t*> output_shapes;
    for (size_t i = 0; i < outputs_.size(); ++i) {
      outputs.push_back(buffers_[i].data());
      output_shapes.push_back(outputs_[i].shape.data());
    }
    const int code =
        run_(weights, weights_size, workspace_.data(), workspace_.size(), inputs.data(),
             input_shapes.data(), outputs.data(), output_shapes.data(), parallel);
    return code == 0 ? std::string() : std::string(info_.name) + ": " + error_text_(code);
  }

  // Null where there is no such output.
  const OutputTensor* output(std::string_view name) const {
    for (int32_t i = 0; i < info_.output_count; ++i) {
      if (name == info_.outputs[i].name) return &outputs_[static_cast<size_t>(i)];
    }
    return nullptr;
  }

 private:
  struct Input {
    bool set = false;
    std::vector<int64_t> shape;
    const void* data = nullptr;
  };
  struct SymbolValue {
    int64_t value;
    const char* input;  // which gave it
  };

  static int64_t elements(const std::vector<int64_t>& shape) {
    int64_t count = 1;
    for (const int64_t extent : shape) count *= extent;
    return count;
  }

  template <class Shape>
  static std::string joined(int32_t rank, const Shape& text_of_axis) {
    std::string text = "[";
    for (int32_t axis = 0; axis < rank; ++axis) text += (axis ? "," : "") + text_of_axis(axis);
    return text + "]";
  }

  static std::string type_name(int32_t number) {
    const ElementType* type = element_type(number);
    return type ? type->name : "type " + std::to_string(number);
  }

  template <class Tensor>
  static std::string expected(const Tensor& tensor) {
    return type_name(tensor.type) + joined(tensor.rank, [&](int32_t axis) -> std::string {
             const auto& dim = tensor.dims[axis];
             return dim.value >= 0 ? std::to_string(dim.value) : dim.symbol;
           });
  }

  static std::string given(int32_t type, const std::vector<int64_t>& shape) {
    return type_name(type) + joined(static_cast<int32_t>(shape.size()), [&](int32_t axis) {
             return std::to_string(shape[static_cast<size_t>(axis)]);
           });
  }

  template <class Tensor>
  static std::string mismatch(const Tensor& tensor, int32_t type,
                              const std::vector<int64_t>& shape) {
    const std::string both = "expected " + expected(tensor) + ", given " + given(type, shape);
    if (type != tensor.type || shape.size() != static_cast<size_t>(tensor.rank)) return both;
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      const auto& dim = tensor.dims[axis];
      if (dim.value >= 0) {
        if (shape[axis] != dim.value) return both;
      } else if (shape[axis] < dim.min || shape[axis] > dim.max) {
        return both + ": " + dim.symbol + " is " + std::to_string(dim.min) + " to " +
               std::to_string(dim.max);
      }
    }
    return {};
  }

  std::optional<int64_t> symbol_value(std::string_view name) const {
    const auto found = symbols_.find(name);
    if (found == symbols_.end()) return std::nullopt;
    return found->second.value;
  }

  // Fills symbols_ from the shapes of the inputs, and checks that the shapes agree with each other.
  std::string read_symbols() {
    symbols_.clear();
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const auto& tensor = info_.inputs[i];
      if (!inputs_[i].set) {
        return "input \"" + std::string(tensor.name) + "\" is not set: expected " +
               expected(tensor);
      }
      for (int32_t axis = 0; axis < tensor.rank; ++axis) {
        if (tensor.dims[axis].value >= 0 || !is_symbol(tensor.dims[axis].symbol)) continue;
        const int64_t extent = inputs_[i].shape[static_cast<size_t>(axis)];
        symbols_.try_emplace(tensor.dims[axis].symbol, SymbolValue{extent, tensor.name});
      }
    }
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const auto& tensor = info_.inputs[i];
      for (int32_t axis = 0; axis < tensor.rank; ++axis) {
        if (tensor.dims[axis].value >= 0) continue;
        const int64_t extent = inputs_[i].shape[static_cast<size_t>(axis)];
        const std::string symbol = tensor.dims[axis].symbol;
        const auto value =
            evaluate_dim(symbol, [this](std::string_view name) { return symbol_value(name); });
        if (!value || *value == extent) continue;
        std::string text = "input \"" + std::string(tensor.name) + "\": " + symbol + " is " +
                           std::to_string(extent);
        const auto source = symbols_.find(symbol);
        text += source != symbols_.end()
                    ? ", but in input \"" + std::string(source->second.input) + "\" it is "
                    : ", but by the other inputs it is ";
        return text + std::to_string(*value);
      }
    }
    return {};
  }

  bool is_symbol(std::string_view name) const {
    for (int32_t i = 0; i < info_.symbol_count; ++i) {
      if (name == info_.symbols[i].name) return true;
    }
    return false;
  }

  // Symbols that only the run itself decides count with their largest value.
  std::optional<int64_t> largest(std::string_view name) const {
    if (const auto value = symbol_value(name)) return value;
    for (int32_t i = 0; i < info_.symbol_count; ++i) {
      if (name == info_.symbols[i].name) return info_.symbols[i].max;
    }
    return std::nullopt;
  }

  std::string allocate(int threads) {
    for (size_t i = 0; i < outputs_.size(); ++i) {
      const auto& tensor = info_.outputs[i];
      const ElementType* type = element_type(tensor.type);
      if (!type)
        return "output \"" + std::string(tensor.name) + "\" is of " + type_name(tensor.type);
      outputs_[i].type = tensor.type;
      outputs_[i].shape.resize(static_cast<size_t>(tensor.rank));
      int64_t count = 1, bytes = 0;
      bool bounded = true;
      for (int32_t axis = 0; axis < tensor.rank; ++axis) {
        const auto& dim = tensor.dims[axis];
        const std::optional<int64_t> extent =
            dim.value >= 0
                ? std::optional<int64_t>(dim.value)
                : evaluate_dim(dim.symbol, [this](std::string_view name) { return largest(name); });
        const int64_t bound = extent ? *extent : dim.max;
        bounded = bounded && bound >= 0 && !__builtin_mul_overflow(count, bound, &count);
      }
      bounded = bounded && count < INT64_MAX / 32;
      if (bounded) bytes = type->bytes(count);
      if (!bounded || !buffers_[i].reserve(static_cast<size_t>(bytes))) {
        return "output \"" + std::string(tensor.name) + "\": no memory for " + expected(tensor);
      }
      outputs_[i].data = buffers_[i].data();
    }
    std::vector<int64_t> values;
    for (int32_t i = 0; i < info_.symbol_count; ++i)
      values.push_back(*largest(info_.symbols[i].name));
    const size_t size = workspace_size_(values.data(), threads);
    if (workspace_.reserve(size)) return {};
    return "no memory for a workspace of " + std::to_string(size) + " bytes";
  }

  const Info& info_;
  const Run run_;
  const WorkspaceSize workspace_size_;
  const ErrorText error_text_;
  std::vector<Input> inputs_;
  std::vector<OutputTensor> outputs_;
  std::vector<Workspace> buffers_;
  Workspace workspace_;
  std::map<std::string, SymbolValue, std::less<>> symbols_;
};

template <class Info, class Parallel>
NamedModel(const Info&,
           int (*)(const void*, size_t, void*, size_t, const void* const*, const int64_t* const*,
                   void* const*, int64_t* const*, const Parallel*),
           size_t (*)(const int64_t*, int), const char* (*)(int)) -> NamedModel<Info, Parallel>;

}  // namespace onnxc::runtime
