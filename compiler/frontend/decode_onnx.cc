// One function per ONNX message, one case per field.
#include "compiler/frontend/decode_onnx.h"

#include <cstring>
#include <utility>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

using Kind = WireField::Kind;

void append_ints(const WireField& field, std::vector<int64_t>& values) {
  for (const int64_t value : unpack_varints(field.as_packed(Kind::kVarint)))
    values.push_back(value);
}

void append_floats(const WireField& field, std::vector<float>& values) {
  const Bytes packed = field.as_packed(Kind::kFixed32);
  const size_t before = values.size();
  values.resize(before + packed.size() / sizeof(float));
  if (!packed.empty()) std::memcpy(values.data() + before, packed.data(), packed.size());
}

class Decoder {
 public:
  explicit Decoder(const std::byte* file_start) : start_(file_start) {}

  ProtoModel model(Bytes bytes) {
    ProtoModel model;
    each_field(bytes, [&](const WireField& field) {
      switch (field.number) {
        case 1:
          model.ir_version = field.as_int();
          break;
        case 2:
          model.producer_name = field.as_string();
          break;
        case 3:
          model.producer_version = field.as_string();
          break;
        case 4:
          model.domain = field.as_string();
          break;
        case 6:
          model.doc_string = field.as_string();
          break;
        case 7:
          if (!model.graph) model.graph.emplace();
          graph(field.as_message(), *model.graph, 0);
          break;
        case 8:
          model.opset_imports.push_back(opset(field.as_message()));
          break;
        case 14:
          model.metadata_props.insert(string_entry(field.as_message()));
          break;
        case 25:
          model.functions.push_back(function(field.as_message()));
          break;
        default:
          break;
      }
    });
    return model;
  }

  ProtoTensor tensor(Bytes bytes) {
    ProtoTensor tensor;
    each_field(bytes, [&](const WireField& field) {
      switch (field.number) {
        case 1:
          append_ints(field, tensor.dims);
          break;
        case 2:
          tensor.data_type = static_cast<int>(field.as_int());
          break;
        case 3:
          tensor.has_segment = true;
          break;
        case 4:
          tensor.float_data.push_back(field.as_packed(Kind::kFixed32));
          break;
        case 5:
          tensor.int32_data.push_back(field.as_packed(Kind::kVarint));
          break;
        case 6:
          tensor.string_data.push_back(field.as_string());
          break;
        case 7:
          tensor.int64_data.push_back(field.as_packed(Kind::kVarint));
          break;
        case 8:
          tensor.name = field.as_string();
          break;
        case 9:
          tensor.raw_data = field.as_message();
          break;
        case 10:
          tensor.double_data.push_back(field.as_packed(Kind::kFixed64));
          break;
        case 11:
          tensor.uint64_data.push_back(field.as_packed(Kind::kVarint));
          break;
        case 13:
          tensor.external_data.insert(string_entry(field.as_message()));
          break;
        case 14:
          tensor.is_external = field.as_int() == 1;
          break;
        default:
          break;
      }
    });
    return tensor;
  }

 private:
  template <class Visit>
  void each_field(Bytes bytes, Visit&& visit) {
    WireReader reader(bytes, start_);
    while (!reader.at_end()) visit(reader.next());
  }

  std::pair<std::string, std::string> string_entry(Bytes bytes) {
    std::pair<std::string, std::string> entry;
    each_field(bytes, [&](const WireField& field) {
      if (field.number == 1) entry.first = field.as_string();
      if (field.number == 2) entry.second = field.as_string();
    });
    return entry;
  }

  ProtoOpset opset(Bytes bytes) {
    ProtoOpset opset;
    each_field(bytes, [&](const WireField& field) {
      if (field.number == 1) opset.domain = field.as_string();
      if (field.number == 2) opset.version = field.as_int();
    });
    return opset;
  }

  void graph(Bytes bytes, ProtoGraph& graph, int depth) {
    if (depth > kMaxGraphDepth)
      throw CompileError("graphs are nested more than {} deep", kMaxGraphDepth);
    each_field(bytes, [&](const WireField& field) {
      switch (field.number) {
        case 1:
          graph.nodes.push_back(node(field.as_message(), depth));
          break;
        case 2:
          graph.name = field.as_string();
          break;
        case 5:
          graph.initializers.push_back(tensor(field.as_message()));
          break;
        case 11:
          graph.inputs.push_back(value_info(field.as_message()));
          break;
        case 12:
          graph.outputs.push_back(value_info(field.as_message()));
          break;
        case 13:
          graph.value_info.push_back(value_info(field.as_message()));
          break;
        case 15:
          graph.sparse_initializers.push_back(sparse_tensor(field.as_message()));
          break;
        default:
          break;
      }
    });
  }

  ProtoNode node(Bytes bytes, int depth) {
    ProtoNode node;
    each_field(bytes, [&](const WireField& field) {
      switch (field.number) {
        case 1:
          node.inputs.push_back(field.as_string());
          break;
        case 2:
          node.outputs.push_back(field.as_string());
          break;
        case 3:
          node.name = field.as_string();
          break;
        case 4:
          node.op_type = field.as_string();
          break;
        case 5:
          node.attributes.push_back(attribute(field.as_message(), depth));
          break;
        case 7:
          node.domain = field.as_string();
          break;
        case 8:
          node.overload = field.as_string();
          break;
        default:
          break;
      }
    });
    return node;
  }

  ProtoAttribute attribute(Bytes bytes, int depth) {
    ProtoAttribute attribute;
    each_field(bytes, [&](const WireField& field) {
      switch (field.number) {
        case 1:
          attribute.name = field.as_string();
          break;
        case 2:
          attribute.f = field.as_float();
          break;
        case 3:
          attribute.i = field.as_int();
          break;
        case 4:
          attribute.s = field.as_string();
          break;
        case 5:
        case 10:
          attribute.tensors.push_back(tensor(field.as_message()));
          break;
        case 6:
        case 11:
          attribute.graphs.push_back(std::make_shared<ProtoGraph>());
          graph(field.as_message(), *attribute.graphs.back(), depth + 1);
          break;
        case 7:
          append_floats(field, attribute.floats);
          break;
        case 8:
          append_ints(field, attribute.ints);
          break;
        case 9:
          attribute.strings.push_back(field.as_string());
          break;
        case 14:
        case 15:
          attribute.types.push_back(type(field.as_message(), 0));
          break;
        case 20:
          attribute.type = attribute_type(field.as_int());
          break;
        case 21:
          attribute.ref_attr_name = field.as_string();
          break;
        case 22:
        case 23:
          attribute.sparse_tensors.push_back(sparse_tensor(field.as_message()));
          break;
        default:
          break;
      }
    });
    return attribute;
  }

  static ProtoAttributeType attribute_type(int64_t number) {
    if (number < 0 || number > 14)
      throw CompileError("an attribute has the unknown type {}", number);
    return static_cast<ProtoAttributeType>(number);
  }

  ProtoSparseTensor sparse_tensor(Bytes bytes) {
    ProtoSparseTensor sparse;
    each_field(bytes, [&](const WireField& field) {
      if (field.number == 1) sparse.values = tensor(field.as_message());
      if (field.number == 2) sparse.indices = tensor(field.as_message());
      if (field.number == 3) append_ints(field, sparse.dims);
    });
    return sparse;
  }

  OnnxValueInfo value_info(Bytes bytes) {
    OnnxValueInfo info;
    Bytes type_bytes;
    each_field(bytes, [&](const WireField& field) {
      if (field.number == 1) info.name = field.as_string();
      if (field.number == 2) type_bytes = field.as_message();
    });
    in_context(fmt::format("value \"{}\"", info.name), [&] { info.type = type(type_bytes, 0); });
    return info;
  }

  OnnxType type(Bytes bytes, int depth) {
    if (depth > kMaxTypeDepth)
      throw CompileError("types are nested more than {} deep", kMaxTypeDepth);
    OnnxType result;
    each_field(bytes, [&](const WireField& field) {
      switch (field.number) {
        case 1:
          result = tensor_type(field.as_message());
          break;
        case 4:
          result = element_type(OnnxType::Kind::kSequence, field.as_message(), 1, depth);
          break;
        case 5:
          result = element_type(OnnxType::Kind::kMap, field.as_message(), 2, depth);
          break;
        case 9:
          result = element_type(OnnxType::Kind::kOptional, field.as_message(), 1, depth);
          break;
        default:
          break;
      }
    });
    return result;
  }

  OnnxType tensor_type(Bytes bytes) {
    OnnxType result;
    result.kind = OnnxType::Kind::kTensor;
    each_field(bytes, [&](const WireField& field) {
      if (field.number == 1) result.dtype = element_dtype(field.as_int());
      if (field.number == 2) result.shape = shape(field.as_message());
    });
    return result;
  }

  static DType element_dtype(int64_t number) {
    if (number == 0) return DType::kUndefined;
    const auto dtype =
        number > 0 && number < 256 ? dtype_of(static_cast<int>(number)) : std::nullopt;
    if (!dtype) throw CompileError("unknown element type {}", number);
    return *dtype;
  }

  // Sequence, optional and map: the element's type is field `element_field`, a map's key type
  // field 1.
  OnnxType element_type(OnnxType::Kind kind, Bytes bytes, int element_field, int depth) {
    OnnxType result;
    result.kind = kind;
    each_field(bytes, [&](const WireField& field) {
      if (field.number == element_field) {
        result.element = std::make_shared<OnnxType>(type(field.as_message(), depth + 1));
      } else if (field.number == 1) {
        result.dtype = element_dtype(field.as_int());
      }
    });
    return result;
  }

  std::vector<OnnxDim> shape(Bytes bytes) {
    std::vector<OnnxDim> dims;
    each_field(bytes, [&](const WireField& field) {
      if (field.number == 1) dims.push_back(dim(field.as_message()));
    });
    return dims;
  }

  OnnxDim dim(Bytes bytes) {
    OnnxDim result;
    each_field(bytes, [&](const WireField& field) {
      if (field.number == 1 && field.as_int() >= 0) result.value = field.as_int();
      if (field.number == 2) result.symbol = field.as_string();
    });
    return result;
  }

  ProtoFunction function(Bytes bytes) {
    ProtoFunction function;
    each_field(bytes, [&](const WireField& field) {
      switch (field.number) {
        case 1:
          function.name = field.as_string();
          break;
        case 4:
          function.inputs.push_back(field.as_string());
          break;
        case 5:
          function.outputs.push_back(field.as_string());
          break;
        case 6:
          function.attributes.push_back(field.as_string());
          break;
        case 7:
          function.nodes.push_back(node(field.as_message(), 0));
          break;
        case 9:
          function.opset_imports.push_back(opset(field.as_message()));
          break;
        case 10:
          function.domain = field.as_string();
          break;
        case 11:
          function.attribute_defaults.push_back(attribute(field.as_message(), 0));
          break;
        case 13:
          function.overload = field.as_string();
          break;
        default:
          break;
      }
    });
    return function;
  }

  const std::byte* start_;
};

}  // namespace

ProtoModel decode_model(Bytes bytes) { return Decoder(bytes.data()).model(bytes); }
ProtoTensor decode_tensor(Bytes bytes) { return Decoder(bytes.data()).tensor(bytes); }

}  // namespace onnxc
