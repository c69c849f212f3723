// Growing graphs and giving them inputs, constants and outputs.
#include "tests/fuzz/builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "compiler/eval/evaluate.h"
#include "compiler/ops/lower_model.h"
#include "compiler/support/diagnostics.h"

namespace onnxc::fuzz {
namespace {

constexpr int kOpset = 21;
constexpr int64_t kMostElements = 40000, kMostConstantElements = 3000;
constexpr double kLargestReal = 1e4;

OnnxValueInfo declared(const std::string& name, const Tensor& value) {
  OnnxValueInfo info{name, {}};
  info.type.kind = OnnxType::Kind::kTensor;
  info.type.dtype = value.type();
  info.type.shape.emplace();
  for (const int64_t dim : value.dims()) info.type.shape->push_back({dim, ""});
  return info;
}

OnnxValueInfo output_info(const Operand& value) {
  OnnxValueInfo info = declared(value.name, value.value);
  info.type.shape.reset();
  return info;
}

double extreme(const Tensor& t, double sign) {
  double most = t.size() ? sign * t.as_double(0) : 0;
  for (int64_t i = 1; i < t.size(); ++i) most = std::max(most, sign * t.as_double(i));
  return sign * most;
}

}  // namespace

int64_t element_count(const Dims& dims) {
  int64_t count = 1;
  for (const int64_t d : dims) count *= d;
  return count;
}

double Operand::low() const { return extreme(value, -1); }
double Operand::high() const { return extreme(value, 1); }

bool Operand::has_nan() const {
  for (int64_t i = 0; i < value.size(); ++i) {
    if (std::isnan(value.as_double(i))) return true;
  }
  return false;
}

Builder::Builder(uint64_t seed) : random_(seed * 0x2545f4914f6cdd1d + 1) {
  float_type_ = DType::kFloat;
  const double kind = random_.unit();
  if (kind < 0.1) float_type_ = DType::kDouble;
  if (kind > 0.85) float_type_ = DType::kFloat16;
  if (kind > 0.97) float_type_ = DType::kBfloat16;
  integer_type_ = random_.one_of({DType::kInt64, DType::kInt64, DType::kInt32, DType::kInt32,
                                  DType::kInt8, DType::kUint8, DType::kInt16, DType::kUint32});
  special_ = random_.chance(0.04);
  symbolic_ = random_.chance(0.25);
  case_.model.graph.name = "g";
  case_.model.ir_version = 10;
  case_.model.opsets = {{"", kOpset}};
}

int64_t Builder::size() {
  const double kind = random_.unit();
  if (kind < 0.012) return 0;
  if (kind < 0.15) return 1;
  if (kind < 0.7) return random_.between(2, 9);
  if (kind < 0.95) return random_.one_of<int64_t>({15, 16, 17, 24, 31, 32, 33, 48, 64, 65});
  return random_.one_of<int64_t>({100, 127, 129, 200, 257, 1000, 2049});
}

Dims Builder::shape(int low_rank, int high_rank) {
  Dims dims(static_cast<size_t>(random_.between(low_rank, high_rank)));
  do {
    for (int64_t& d : dims) d = size();
  } while (element_count(dims) > 6000);
  return dims;
}

Fill Builder::fill(double low, double high, double step) {
  return {Fill::Kind::kUniform, low, high, step, random_.bits() >> 1};
}

Fill Builder::fill(DType type) {
  if (type == DType::kBool) return fill(0, 1);
  if (is_integer(type)) {
    const double high = random_.one_of({3.0, 10.0, 100.0});
    return fill(is_signed(type) ? -high : 0, high);
  }
  Fill f = fill(-2, 2, random_.chance(0.3) ? 0.25 : 0);
  if (random_.chance(0.2)) f.low = 0.25;
  if (special_ && random_.chance(0.7)) f.kind = Fill::Kind::kSpecial;
  return f;
}

std::string Builder::fresh_name(const std::string& stem) {
  return fmt::format("{}{}", stem, next_++);
}

Operand Builder::fresh(DType type, const Dims& dims, const Fill& fill) {
  const Tensor value = filled(type, dims, fill);
  if (element_count(dims) <= kMostConstantElements && random_.chance(0.35)) return constant(value);
  Operand x{fresh_name("x"), value};
  case_.model.graph.inputs.push_back(declared(x.name, value));
  case_.fills[x.name] = fill;
  values_.push_back(x);
  return x;
}

Operand Builder::constant(const Tensor& tensor) {
  Operand c{fresh_name("c"), tensor};
  constants_[c.name] = tensor;
  return c;
}

Operand Builder::constant(const Dims& integers) { return constant(Tensor::of_int64(integers)); }

std::optional<Operand> Builder::existing(const std::function<bool(const Operand&)>& wanted) {
  std::vector<const Operand*> fitting;
  for (const Operand& v : values_) {
    if (wanted(v)) fitting.push_back(&v);
  }
  if (fitting.empty()) return std::nullopt;
  const size_t n = fitting.size();
  const bool recent = random_.chance(0.6);
  const size_t first = recent && n > 2 ? n - 2 : 0;
  return *fitting[first +
                  static_cast<size_t>(random_.between(0, static_cast<int64_t>(n - first) - 1))];
}

Operand Builder::some(const std::vector<DType>& types, int low_rank, int high_rank) {
  if (random_.chance(0.85)) {
    const auto found = existing([&](const Operand& v) {
      return v.rank() >= low_rank && v.rank() <= high_rank &&
             std::find(types.begin(), types.end(), v.type()) != types.end();
    });
    if (found) return *found;
  }
  return fresh(random_.one_of(types), shape(low_rank, high_rank));
}

Operand Builder::like(DType type, const Dims& dims) {
  if (random_.chance(0.7)) {
    const auto found =
        existing([&](const Operand& v) { return v.type() == type && v.dims() == dims; });
    if (found) return *found;
  }
  return fresh(type, dims);
}

Dims Builder::broadcastable(const Dims& dims) {
  if (random_.chance(0.35)) return dims;
  Dims result(dims.begin() + random_.between(0, static_cast<int64_t>(dims.size())), dims.end());
  for (int64_t& d : result) {
    if (random_.chance(0.3)) d = 1;
  }
  return result;
}

OnnxModel Builder::empty_model() const {
  OnnxModel model = case_.model;
  model.graph = OnnxGraph();
  model.graph.name = "g";
  return model;
}

bool Builder::acceptable(const std::vector<Tensor>& results) const {
  for (const Tensor& t : results) {
    if (t.size() > kMostElements) return false;
    if (!is_float(t.type()) || special_) continue;
    for (int64_t i = 0; i < t.size(); ++i) {
      if (!(std::fabs(t.as_double(i)) <= kLargestReal)) return false;
    }
  }
  return true;
}

void Builder::supply(const Operand& x, OnnxModel& model, std::vector<Tensor>& contents) const {
  if (x.name.empty()) return;
  if (const auto c = constants_.find(x.name); c != constants_.end()) {
    model.graph.initializers[x.name] = c->second;
    return;
  }
  if (const auto s = shapes_.find(x.name); s != shapes_.end()) {
    supply(s->second.second, model, contents);
    model.graph.nodes.push_back(s->second.first);
    return;
  }
  const auto same = [&](const OnnxValueInfo& info) { return info.name == x.name; };
  if (std::ranges::any_of(model.graph.inputs, same)) return;
  model.graph.inputs.push_back(declared(x.name, x.value));
  contents.push_back(x.value);
}

bool Builder::add(const std::string& op_type, const std::vector<Operand>& inputs,
                  const Attributes& attributes, int outputs, const std::string& domain) {
  OnnxNode node;
  node.op_type = op_type;
  node.domain = domain;
  node.opset = domain.empty() ? kOpset : 1;
  node.attributes = attributes;
  if (!domain.empty()) case_.model.opsets[domain] = 1;
  OnnxModel model = empty_model();
  std::vector<Tensor> contents;
  for (const Operand& x : inputs) {
    node.inputs.push_back(x.name);
    supply(x, model, contents);
  }
  const int first_name = next_;
  for (int k = 0; k < outputs; ++k) {
    node.outputs.push_back(fresh_name("v"));
    OnnxValueInfo info{node.outputs.back(), {}};
    info.type.kind = OnnxType::Kind::kTensor;
    model.graph.outputs.push_back(info);
  }
  model.graph.nodes.push_back(node);
  std::vector<Tensor> results;
  try {
    results = evaluate(lower_model(model, Options{}), contents);
  } catch (CompileError& error) {
    Case alone;
    alone.model = model;
    for (const OnnxValueInfo& info : model.graph.inputs) alone.fills[info.name] = Fill{};
    error.note(text(alone));
    throw;
  }
  if (!acceptable(results)) {
    next_ = first_name;
    return false;
  }
  case_.model.graph.nodes.push_back(node);
  for (const std::string& name : node.inputs) {
    ++uses_[name];
    if (const auto c = constants_.find(name); c != constants_.end())
      case_.model.graph.initializers.insert(*c);
  }
  if (op_type == "Shape") shapes_.insert({node.outputs[0], {node, inputs[0]}});
  results_.clear();
  for (size_t k = 0; k < results.size(); ++k) results_.push_back({node.outputs[k], results[k]});
  values_.insert(values_.end(), results_.begin(), results_.end());
  return true;
}

Case Builder::finish(const std::string& name) {
  Case c = case_;
  c.name = name;
  OnnxGraph& graph = c.model.graph;
  std::erase_if(graph.inputs, [&](const OnnxValueInfo& info) {
    if (uses_.count(info.name)) return false;
    c.fills.erase(info.name);
    return true;
  });
  for (const Operand& v : values_) {
    const bool is_input = c.fills.count(v.name) > 0 || v.name[0] == 'x';
    if (!is_input && (!uses_.count(v.name) || random_.chance(0.12)))
      graph.outputs.push_back(output_info(v));
  }
  if (symbolic_) make_symbolic(c);
  return c;
}

void Builder::make_symbolic(Case& c) {
  Dims sizes;
  for (const OnnxValueInfo& info : c.model.graph.inputs) {
    for (const OnnxDim& dim : *info.type.shape) {
      if (*dim.value > 1) sizes.push_back(*dim.value);
    }
  }
  if (sizes.empty()) return;
  const int64_t size = random_.one_of(sizes);
  Case other = c;
  other.sizes["n"] = size;
  for (OnnxValueInfo& info : other.model.graph.inputs) {
    for (OnnxDim& dim : *info.type.shape) {
      if (dim.value == size) dim = {std::nullopt, "n"};
    }
  }
  try {
    evaluate(lower_model(other.model, other.options()), other.inputs());
  } catch (const CompileError&) {
    return;
  }
  c = other;
}

Case random_case(uint64_t seed) {
  std::vector<const Maker*> makers;
  std::vector<double> ends;
  for (const auto& family :
       {&elementwise_makers(), &rearranging_makers(), &reducing_makers(), &contraction_makers(),
        &image_makers(), &integer_makers(), &recurrent_makers()}) {
    for (const Maker& maker : *family) {
      makers.push_back(&maker);
      ends.push_back((ends.empty() ? 0 : ends.back()) + maker.weight);
    }
  }
  Builder builder(seed);
  const int64_t nodes = builder.random().one_of<int64_t>({1, 2, 3, 4, 5, 6, 8, 10});
  for (int64_t made = 0, tries = 0; made < nodes && tries < 40; ++tries) {
    const double at = builder.random().unit() * ends.back();
    const size_t k =
        static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), at) - ends.begin());
    made += makers[std::min(k, makers.size() - 1)]->make(builder);
  }
  return builder.finish(fmt::format("graph_{}", seed));
}

}  // namespace onnxc::fuzz
