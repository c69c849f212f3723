// The messages of onnx-data.proto, by the type the model gives the value.
#include "compiler/frontend/test_data.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>

#include "compiler/frontend/decode_onnx.h"
#include "compiler/frontend/import_tensor.h"
#include "compiler/support/diagnostics.h"
#include "compiler/support/mapped_file.h"

namespace onnxc {
namespace {

namespace fs = std::filesystem;
using Kind = TestValue::Kind;

constexpr size_t kMaxNumber = 9999;

// Values of SequenceProto.DataType and OptionalProto.DataType.
enum class ElementKind {
  kUndefined = 0,
  kTensor = 1,
  kSparseTensor = 2,
  kSequence = 3,
  kMap = 4,
  kOptional = 5
};

class ValueDecoder {
 public:
  explicit ValueDecoder(std::shared_ptr<const MappedFile> file) : file_(std::move(file)) {}

  TestValue decode(const OnnxType& type) {
    TestValue result = value(file_->bytes(), type.kind, &type, 0);
    // Recorders without a bfloat16 of their own write the bits as uint16.
    if (type.dtype == DType::kBfloat16 && result.tensor.type() == DType::kUint16) {
      const auto bits = std::make_shared<const Tensor>(result.tensor);
      result.tensor = Tensor(DType::kBfloat16, bits->dims(), bits->bytes(), bits);
    }
    return result;
  }

 private:
  template <class Visit>
  void each_field(Bytes bytes, Visit&& visit) {
    WireReader reader(bytes, file_->bytes().data());
    while (!reader.at_end()) visit(reader.next());
  }

  TestValue value(Bytes bytes, OnnxType::Kind kind, const OnnxType* type, int depth) {
    if (depth > kMaxTypeDepth)
      throw CompileError("values are nested more than {} deep", kMaxTypeDepth);
    switch (kind) {
      case OnnxType::Kind::kSequence:
        return sequence(bytes, depth);
      case OnnxType::Kind::kOptional:
        return optional(bytes, type, depth);
      case OnnxType::Kind::kMap:
        return map(bytes, depth);
      default:
        return tensor(bytes);
    }
  }

  TestValue tensor(Bytes bytes) {
    TestValue result;
    const ProtoTensor proto = decode_tensor(bytes);
    result.name = proto.name;
    result.tensor = import_tensor(proto, {file_, nullptr});
    return result;
  }

  TestValue sequence(Bytes bytes, int depth) {
    TestValue result;
    result.kind = Kind::kSequence;
    each_field(bytes, [&](const WireField& field) {
      switch (field.number) {
        case 1:
          result.name = field.as_string();
          break;
        case 3:
          result.elements.push_back(tensor(field.as_message()));
          break;
        case 4:
          throw CompileError("sequences of sparse tensors are not supported");
        case 5:
          result.elements.push_back(
              value(field.as_message(), OnnxType::Kind::kSequence, nullptr, depth + 1));
          break;
        case 6:
          result.elements.push_back(
              value(field.as_message(), OnnxType::Kind::kMap, nullptr, depth + 1));
          break;
        case 7:
          result.elements.push_back(
              value(field.as_message(), OnnxType::Kind::kOptional, nullptr, depth + 1));
          break;
        default:
          break;
      }
    });
    return result;
  }

  // Some recorders leave out the wrapper around a value that is there; then the file starts like a
  // tensor.
  TestValue optional(Bytes bytes, const OnnxType* type, int depth) {
    TestValue result;
    result.kind = Kind::kOptional;
    auto kind = ElementKind::kUndefined;
    bool is_wrapped = true;
    each_field(bytes, [&](const WireField& field) {
      if (field.number == 1) is_wrapped = is_wrapped && field.kind == WireField::Kind::kBytes;
      if (field.number == 2 && field.kind == WireField::Kind::kVarint)
        kind = static_cast<ElementKind>(field.as_int());
      if (field.number > 7) is_wrapped = false;
    });
    if (!is_wrapped) {
      const OnnxType::Kind inner =
          type && type->element ? type->element->kind : OnnxType::Kind::kTensor;
      result.elements.push_back(value(bytes, inner, nullptr, depth + 1));
      return result;
    }
    each_field(bytes, [&](const WireField& field) {
      if (field.number == 1) result.name = field.as_string();
      if (field.number == 3) result.elements.push_back(tensor(field.as_message()));
      if (field.number == 4) throw CompileError("optional sparse tensors are not supported");
      if (field.number == 5) {
        result.elements.push_back(
            value(field.as_message(), OnnxType::Kind::kSequence, nullptr, depth + 1));
      }
      if (field.number == 6) {
        result.elements.push_back(
            value(field.as_message(), OnnxType::Kind::kMap, nullptr, depth + 1));
      }
      if (field.number == 7) {
        result.elements.push_back(
            value(field.as_message(), OnnxType::Kind::kOptional, nullptr, depth + 1));
      }
    });
    if (kind == ElementKind::kUndefined) result.elements.clear();
    if (result.elements.size() > 1)
      throw CompileError("an optional holds {} values", result.elements.size());
    return result;
  }

  TestValue map(Bytes bytes, int depth) {
    TestValue result;
    result.kind = Kind::kMap;
    DType key_type = DType::kUndefined;
    std::vector<int64_t> keys;
    std::vector<std::string> string_keys;
    each_field(bytes, [&](const WireField& field) {
      switch (field.number) {
        case 1:
          result.name = field.as_string();
          break;
        case 2:
          key_type = dtype_of(static_cast<int>(field.as_int())).value_or(DType::kUndefined);
          break;
        case 3:
          for (const int64_t key : unpack_varints(field.as_packed(WireField::Kind::kVarint)))
            keys.push_back(key);
          break;
        case 4:
          string_keys.push_back(field.as_string());
          break;
        case 5:
          result.elements = sequence(field.as_message(), depth + 1).elements;
          break;
        default:
          break;
      }
    });
    const auto count = static_cast<int64_t>(keys.size() + string_keys.size());
    if (static_cast<size_t>(count) != result.elements.size()) {
      throw CompileError("a map has {} keys and {} values", count, result.elements.size());
    }
    result.tensor = key_type == DType::kString ? Tensor::of_strings({count}, std::move(string_keys))
                    : is_integer(key_type)
                        ? Tensor::of(key_type, {count}, keys)
                        : throw CompileError("a map has keys of {}", onnxc::name(key_type));
    return result;
  }

  std::shared_ptr<const MappedFile> file_;
};

// The number in names such as input_12.pb.
std::optional<size_t> number_in(const std::string& name, std::string_view before,
                                std::string_view after) {
  if (name.size() <= before.size() + after.size() || !name.starts_with(before) ||
      !name.ends_with(after))
    return {};
  const char* const first = name.data() + before.size();
  const char* const last = name.data() + name.size() - after.size();
  size_t number = 0;
  const auto [end, error] = std::from_chars(first, last, number);
  if (error != std::errc() || end != last || number > kMaxNumber) return {};
  return number;
}

std::map<size_t, std::string> numbered(const fs::path& folder, std::string_view before,
                                       std::string_view after) {
  std::map<size_t, std::string> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (const auto number = number_in(entry.path().filename().string(), before, after)) {
      found[*number] = entry.path().string();
    }
  }
  return found;
}

std::vector<std::string> by_position(const std::map<size_t, std::string>& found) {
  std::vector<std::string> paths(found.empty() ? 0 : found.rbegin()->first + 1);
  for (const auto& [number, path] : found) paths[number] = path;
  return paths;
}

}  // namespace

TestValue read_test_value(const std::string& path, const OnnxType& type) {
  return in_context(path, [&] { return ValueDecoder(MappedFile::open(path)).decode(type); });
}

std::vector<TestDataSet> find_test_data(const std::string& folder) {
  if (!fs::is_directory(folder)) throw CompileError("{}: this is not a directory", folder);
  std::vector<TestDataSet> sets;
  for (const auto& [number, set] : numbered(folder, "test_data_set_", "")) {
    sets.push_back({set, by_position(numbered(set, "input_", ".pb")),
                    by_position(numbered(set, "output_", ".pb"))});
  }
  return sets;
}

}  // namespace onnxc
