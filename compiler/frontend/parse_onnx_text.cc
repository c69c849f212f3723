// Recursive descent, one function per rule of the grammar.
#include "compiler/frontend/parse_onnx_text.h"

#include <map>

#include "compiler/frontend/text_scanner.h"

namespace onnxc {
namespace {

using AttributeType = ProtoAttributeType;

constexpr int64_t kMaxTextElements = 1 << 26;

std::optional<DType> element_type_named(std::string_view word) {
  for (int number = 1; const auto type = dtype_of(number); ++number) {
    if (name(*type) == word) return type;
  }
  return std::nullopt;
}

const std::map<std::string_view, AttributeType>& attribute_types() {
  static const std::map<std::string_view, AttributeType> types = {
      {"float", AttributeType::kFloat},
      {"int", AttributeType::kInt},
      {"string", AttributeType::kString},
      {"tensor", AttributeType::kTensor},
      {"graph", AttributeType::kGraph},
      {"floats", AttributeType::kFloats},
      {"ints", AttributeType::kInts},
      {"strings", AttributeType::kStrings},
      {"tensors", AttributeType::kTensors},
      {"graphs", AttributeType::kGraphs},
      {"type_proto", AttributeType::kTypeProto},
  };
  return types;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : in_(text) {}

  ProtoModel model() {
    ProtoModel model;
    if (in_.peek() == '<') {
      header([&](const std::string& key) { return model_entry(model, key); });
    }
    model.graph = graph(0);
    while (!in_.at_end()) model.functions.push_back(function());
    return model;
  }

 private:
  // < key : value, ... >; `entry` reads the value and returns false for a key it does not know.
  template <class Entry>
  void header(Entry&& entry) {
    in_.expect('<');
    do {
      const std::string key = in_.word("a property of the model");
      in_.expect(':');
      if (!entry(key)) in_.fail("unknown property \"{}\"", key);
    } while (in_.accept(','));
    in_.expect('>');
  }

  bool model_entry(ProtoModel& model, const std::string& key) {
    if (key == "ir_version") {
      model.ir_version = in_.integer("ir_version");
    } else if (key == "opset_import") {
      model.opset_imports = opset_imports();
    } else if (key == "producer_name") {
      model.producer_name = in_.quoted("producer_name");
    } else if (key == "producer_version") {
      model.producer_version = in_.quoted("producer_version");
    } else if (key == "domain") {
      model.domain = in_.quoted("domain");
    } else if (key == "doc_string") {
      model.doc_string = in_.quoted("doc_string");
    } else if (key == "model_version") {
      in_.integer("model_version");
    } else if (key == "metadata_props") {
      model.metadata_props = string_pairs();
    } else {
      return false;
    }
    return true;
  }

  std::map<std::string, std::string> string_pairs() {
    std::map<std::string, std::string> pairs;
    in_.expect('[');
    while (!in_.accept(']')) {
      const std::string key = in_.quoted("a key");
      in_.expect(':');
      pairs[key] = in_.quoted("a value");
      if (in_.peek() != ']') in_.expect(',');
    }
    return pairs;
  }

  std::vector<ProtoOpset> opset_imports() {
    std::vector<ProtoOpset> imports;
    in_.expect('[');
    while (!in_.accept(']')) {
      ProtoOpset import;
      import.domain = in_.quoted("a domain");
      in_.expect(':');
      import.version = in_.integer("an operator set's version");
      imports.push_back(std::move(import));
      if (in_.peek() != ']') in_.expect(',');
    }
    return imports;
  }

  ProtoFunction function() {
    ProtoFunction function;
    if (in_.peek() == '<') {
      header([&](const std::string& key) {
        if (key == "domain") {
          function.domain = in_.quoted("domain");
        } else if (key == "overload") {
          function.overload = in_.quoted("overload");
        } else if (key == "opset_import") {
          function.opset_imports = opset_imports();
        } else if (key == "doc_string") {
          in_.quoted("doc_string");
        } else {
          return false;
        }
        return true;
      });
    }
    function.name = in_.word_or_quoted("a function's name");
    if (in_.accept('<')) function_attributes(function);
    function.inputs = formal_names();
    in_.expect("=>");
    function.outputs = formal_names();
    if (in_.peek() == '<') values('<', '>', nullptr);
    function.nodes = nodes(0);
    return function;
  }

  void function_attributes(ProtoFunction& function) {
    do {
      const std::string name = in_.word("an attribute's name");
      if (in_.peek() == ':' || in_.peek() == '=') {
        function.attribute_defaults.push_back(attribute(name, 0));
      } else {
        function.attributes.push_back(name);
      }
    } while (in_.accept(','));
    in_.expect('>');
  }

  // ( [type] name, ... )
  std::vector<std::string> formal_names() {
    std::vector<std::string> names;
    in_.expect('(');
    while (!in_.accept(')')) {
      if (starts_type()) type(0);
      names.push_back(in_.word_or_quoted("a name"));
      if (in_.peek() != ')') in_.expect(',');
    }
    return names;
  }

  ProtoGraph graph(int depth) {
    if (depth > kMaxGraphDepth) in_.fail("graphs are nested more than {} deep", kMaxGraphDepth);
    ProtoGraph graph;
    graph.name = in_.word_or_quoted("a graph's name");
    graph.inputs = values('(', ')', &graph);
    in_.expect("=>");
    graph.outputs = values('(', ')', nullptr);
    if (in_.peek() == '<') graph.value_info = values('<', '>', &graph);
    graph.nodes = nodes(depth);
    return graph;
  }

  // Typed names; those with `= data` become initializers of `graph` instead, which may be null
  // where none may stand.
  std::vector<OnnxValueInfo> values(char open, char close, ProtoGraph* graph) {
    std::vector<OnnxValueInfo> infos;
    in_.expect(open);
    while (!in_.accept(close)) {
      OnnxValueInfo info;
      if (starts_type()) info.type = type(0);
      info.name = in_.word_or_quoted("a value's name");
      if (graph && in_.accept('=')) {
        graph->initializers.push_back(initializer(info));
      } else {
        infos.push_back(std::move(info));
      }
      if (in_.peek() != close) in_.expect(',');
    }
    return infos;
  }

  bool starts_type() {
    const std::string word = in_.peek_word();
    return element_type_named(word) || word == "seq" || word == "optional" || word == "map" ||
           word == "sparse_tensor";
  }

  OnnxType type(int depth) {
    if (depth > kMaxTypeDepth) in_.fail("types are nested more than {} deep", kMaxTypeDepth);
    const std::string word = in_.word("a type");
    OnnxType result;
    if (const auto element = element_type_named(word)) {
      result.kind = OnnxType::Kind::kTensor;
      result.dtype = *element;
      result.shape = shape();
      return result;
    }
    in_.expect('(');
    if (word == "map") {
      result.kind = OnnxType::Kind::kMap;
      const auto key = element_type_named(in_.word("a key type"));
      if (!key) in_.fail("the key of a map must be an element type");
      result.dtype = *key;
      in_.expect(',');
    } else if (word == "seq") {
      result.kind = OnnxType::Kind::kSequence;
    } else if (word == "optional") {
      result.kind = OnnxType::Kind::kOptional;
    } else if (word != "sparse_tensor") {
      in_.fail("unknown type \"{}\"", word);
    }
    result.element = std::make_shared<OnnxType>(type(depth + 1));
    in_.expect(')');
    return result;
  }

  // No brackets: a scalar. Empty brackets: the rank is unknown.
  std::optional<std::vector<OnnxDim>> shape() {
    std::vector<OnnxDim> dims;
    if (!in_.accept('[')) return dims;
    if (in_.accept(']')) return std::nullopt;
    do {
      OnnxDim dim;
      if (in_.at_number()) {
        const int64_t value = in_.integer("a dimension");
        if (value >= 0) dim.value = value;
      } else if (!in_.accept('?')) {
        dim.symbol = in_.word_or_quoted("a dimension");
      }
      dims.push_back(std::move(dim));
    } while (in_.accept(','));
    in_.expect(']');
    return dims;
  }

  std::vector<int64_t> fixed_dims(const OnnxType& type) {
    std::vector<int64_t> dims;
    if (!type.shape) in_.fail("a tensor's data needs a shape");
    for (const OnnxDim& dim : *type.shape) {
      if (!dim.value) in_.fail("a tensor's data needs a shape of numbers");
      dims.push_back(*dim.value);
    }
    return dims;
  }

  ProtoTensor initializer(const OnnxValueInfo& info) {
    if (in_.peek() == '{') return tensor_data(info.name, info.type);
    ProtoTensor tensor;
    tensor.name = info.name;
    tensor.data_type = static_cast<int>(info.type.dtype);
    tensor.dims = fixed_dims(info.type);
    tensor.is_external = true;
    tensor.external_data = string_pairs();
    return tensor;
  }

  ProtoTensor tensor_data(const std::string& name, const OnnxType& type) {
    ProtoTensor tensor;
    tensor.name = name;
    tensor.data_type = static_cast<int>(type.dtype);
    tensor.dims = fixed_dims(type);
    int64_t count = 1;
    for (const int64_t dim : tensor.dims) {
      if (__builtin_mul_overflow(count, dim, &count) || count > kMaxTextElements) {
        in_.fail("tensor \"{}\" has too many elements for text", name);
      }
    }
    in_.expect('{');
    tensor.value = type.dtype == DType::kString ? strings(tensor.dims)
                                                : numbers(type.dtype, tensor.dims, count);
    return tensor;
  }

  Tensor strings(const std::vector<int64_t>& dims) {
    std::vector<std::string> values;
    while (!in_.accept('}')) {
      values.push_back(in_.quoted("a string"));
      if (in_.peek() != '}') in_.expect(',');
    }
    int64_t count = 1;
    for (const int64_t dim : dims) count *= dim;
    if (static_cast<int64_t>(values.size()) != count) {
      in_.fail("the tensor has {} values, but its shape needs {}", values.size(), count);
    }
    return Tensor::of_strings(dims, std::move(values));
  }

  Tensor numbers(DType type, const std::vector<int64_t>& dims, int64_t count) {
    if (type == DType::kComplex64 || type == DType::kComplex128)
      in_.fail("complex data cannot be written as text");
    std::vector<TextNumber> values;
    while (!in_.accept('}')) {
      values.push_back(tensor_element());
      if (in_.peek() != '}') in_.expect(',');
    }
    if (static_cast<int64_t>(values.size()) != count) {
      in_.fail("the tensor has {} values, but its shape needs {}", values.size(), count);
    }
    Tensor tensor(type, dims);
    for (size_t i = 0; i < values.size(); ++i) {
      const auto index = static_cast<int64_t>(i);
      if (values[i].is_integer) {
        tensor.set_int64(index, values[i].integer);
      } else {
        tensor.set(index, values[i].real);
      }
    }
    return tensor;
  }

  TextNumber tensor_element() {
    if (in_.at_number()) return in_.number();
    const std::string word = in_.word("a number");
    if (word != "true" && word != "false") in_.fail("\"{}\" is no number", word);
    TextNumber truth;
    truth.integer = word == "true" ? 1 : 0;
    truth.real = static_cast<double>(truth.integer);
    return truth;
  }

  std::vector<ProtoNode> nodes(int depth) {
    std::vector<ProtoNode> nodes;
    in_.expect('{');
    while (!in_.accept('}')) {
      nodes.push_back(node(depth));
      in_.accept(';');
    }
    return nodes;
  }

  ProtoNode node(int depth) {
    ProtoNode node;
    if (in_.accept('[')) {
      node.name = in_.word_or_quoted("a node's name");
      in_.expect(']');
    }
    node.outputs = names('=');
    std::string word = in_.word("an operator");
    while (in_.accept('.')) {
      node.domain += (node.domain.empty() ? "" : ".") + word;
      word = in_.word("an operator");
    }
    node.op_type = word;
    if (in_.accept(':')) node.overload = in_.word("an overload");
    if (in_.accept('<')) node.attributes = attributes(depth);
    in_.expect('(');
    node.inputs = names(')');
    if (node.attributes.empty() && in_.accept('<')) node.attributes = attributes(depth);
    return node;
  }

  // Names up to `close`; nothing between two commas, or "", is a value left out.
  std::vector<std::string> names(char close) {
    std::vector<std::string> names;
    if (in_.accept(close)) return names;
    while (true) {
      const bool left_out = in_.peek() == ',' || in_.peek() == close;
      names.push_back(left_out ? "" : in_.word_or_quoted("a value's name"));
      if (in_.accept(close)) return names;
      in_.expect(',');
    }
  }

  std::vector<ProtoAttribute> attributes(int depth) {
    std::vector<ProtoAttribute> attributes;
    do {
      attributes.push_back(attribute(in_.word("an attribute's name"), depth));
    } while (in_.accept(','));
    in_.expect('>');
    return attributes;
  }

  ProtoAttribute attribute(const std::string& name, int depth) {
    ProtoAttribute attribute;
    attribute.name = name;
    if (in_.accept(':')) {
      const std::string word = in_.word("an attribute's type");
      const auto found = attribute_types().find(word);
      if (found == attribute_types().end()) in_.fail("unknown attribute type \"{}\"", word);
      attribute.type = found->second;
    }
    in_.expect('=');
    if (in_.accept('@')) {
      attribute.ref_attr_name = in_.word("an attribute's name");
    } else if (in_.accept('[')) {
      list_value(attribute, depth);
    } else {
      single_value(attribute, depth);
    }
    return attribute;
  }

  void single_value(ProtoAttribute& attribute, int depth) {
    const AttributeType declared = attribute.type;
    if (in_.peek() == '"') {
      attribute.s = in_.quoted("a string");
      attribute.type = AttributeType::kString;
    } else if (in_.at_number()) {
      const TextNumber value = in_.number();
      attribute.type = value.is_integer && declared != AttributeType::kFloat
                           ? AttributeType::kInt
                           : AttributeType::kFloat;
      attribute.i = value.integer;
      attribute.f = static_cast<float>(value.real);
    } else if (declared == AttributeType::kTypeProto) {
      attribute.types.push_back(type(0));
    } else if (element_type_named(in_.peek_word())) {
      attribute.tensors.push_back(tensor_constant());
      attribute.type = AttributeType::kTensor;
    } else {
      attribute.graphs.push_back(std::make_shared<ProtoGraph>(graph(depth + 1)));
      attribute.type = AttributeType::kGraph;
    }
    if (declared != AttributeType::kUndefined && declared != attribute.type) {
      in_.fail("the value of attribute \"{}\" is not of the type given for it", attribute.name);
    }
  }

  ProtoTensor tensor_constant() {
    const OnnxType tensor_type = type(0);
    std::string name;
    if (in_.peek() != '{' && in_.peek() != '=') name = in_.word_or_quoted("a tensor's name");
    in_.accept('=');
    return tensor_data(name, tensor_type);
  }

  void list_value(ProtoAttribute& attribute, int depth) {
    const AttributeType declared = attribute.type;
    std::vector<ProtoAttribute> items;
    bool has_real = declared == AttributeType::kFloats;
    while (!in_.accept(']')) {
      ProtoAttribute item;
      single_value(item, depth);
      has_real = has_real || item.type == AttributeType::kFloat;
      items.push_back(std::move(item));
      if (in_.peek() != ']') in_.expect(',');
    }
    if (items.empty() && declared == AttributeType::kUndefined) {
      in_.fail("the empty list \"{}\" needs a type, as in {}: ints = []", attribute.name,
               attribute.name);
    }
    for (ProtoAttribute& item : items) {
      if (item.type == AttributeType::kFloat) item.type = AttributeType::kInt;
      if (item.type != items.front().type) in_.fail("the list \"{}\" mixes types", attribute.name);
      append(attribute, std::move(item), has_real);
    }
    if (declared != AttributeType::kUndefined && declared != attribute.type) {
      in_.fail("the value of attribute \"{}\" is not of the type given for it", attribute.name);
    }
  }

  static void append(ProtoAttribute& list, ProtoAttribute item, bool as_real) {
    switch (item.type) {
      case AttributeType::kString:
        list.strings.push_back(*item.s);
        list.type = AttributeType::kStrings;
        return;
      case AttributeType::kTensor:
        list.tensors.push_back(std::move(item.tensors.front()));
        list.type = AttributeType::kTensors;
        return;
      case AttributeType::kGraph:
        list.graphs.push_back(std::move(item.graphs.front()));
        list.type = AttributeType::kGraphs;
        return;
      default:
        break;
    }
    if (as_real) {
      list.floats.push_back(*item.f);
    } else {
      list.ints.push_back(*item.i);
    }
    list.type = as_real ? AttributeType::kFloats : AttributeType::kInts;
  }

  TextScanner in_;
};

}  // namespace

ProtoModel parse_onnx_text(std::string_view text) { return Parser(text).model(); }

}  // namespace onnxc
