// The tools that operators use to read their node and to build core steps.
#include "compiler/ops/lowering.h"

#include <algorithm>

#include "compiler/eval/fold.h"
#include "compiler/eval/symbolic.h"
#include "compiler/ops/scope.h"

namespace onnxc {
namespace {

constexpr int64_t kLargestSize = int64_t{1} << 31;

template <class T>
const T* attribute_as(const OnnxNode& node, const std::string& name, std::string_view expected) {
  const auto it = node.attributes.find(name);
  if (it == node.attributes.end()) return nullptr;
  const T* value = std::get_if<T>(&it->second);
  if (!value) throw CompileError("attribute \"{}\" has another type than {}", name, expected);
  return value;
}

}  // namespace

DType compute_type(DType type) {
  return is_float(type) && type != DType::kDouble ? DType::kFloat : type;
}

Value* Lowering::input(size_t i) const {
  if (!has_input(i)) throw CompileError("input {} is missing", i);
  const Entity& entity = scope_.find(node_.inputs[i]);
  if (entity.tensor && !entity.present) return entity.tensor;
  throw CompileError("\"{}\" is {}, a tensor is expected here", node_.inputs[i],
                     entity.present ? "an optional" : "a sequence");
}

const Entity& Lowering::entity(size_t i) const {
  if (!has_input(i)) throw CompileError("input {} is missing", i);
  return scope_.find(node_.inputs[i]);
}

std::optional<Tensor> Lowering::constant(size_t i) const {
  const auto tensor = folded(*input(i));
  return tensor ? std::optional<Tensor>(*tensor) : std::nullopt;
}

Tensor Lowering::require_constant(size_t i, std::string_view what) const {
  auto tensor = constant(i);
  if (!tensor)
    throw CompileError("{} (input {}, \"{}\") must be known at compile time", what, i,
                       node_.inputs[i]);
  return *tensor;
}

std::optional<std::vector<Dim>> Lowering::integers(size_t i) const { return integers(input(i)); }
std::optional<std::vector<Dim>> Lowering::integers(const Value* value) const {
  return scope_.sizes() ? symbolic_integers(*value, scope_.sizes()->read_elements())
                        : symbolic_integers(*value);
}

std::optional<std::vector<std::optional<Dim>>> Lowering::partial_integers(
    const Value* value) const {
  return scope_.sizes() ? onnxc::partial_integers(*value, scope_.sizes()->read_elements())
                        : onnxc::partial_integers(*value);
}

std::optional<Shape> Lowering::declared_shape(size_t k) const {
  return k < node_.outputs.size() ? scope_.declared_shape(node_.outputs[k]) : std::nullopt;
}

std::optional<size_t> Lowering::declared_rank(size_t k) const {
  return k < node_.outputs.size() ? scope_.declared_rank(node_.outputs[k]) : std::nullopt;
}

int64_t Lowering::attribute_int(const std::string& name, int64_t fallback) const {
  const auto* v = attribute_as<int64_t>(node_, name, "an integer");
  return v ? *v : fallback;
}

float Lowering::attribute_float(const std::string& name, float fallback) const {
  const auto* v = attribute_as<float>(node_, name, "a float");
  return v ? *v : fallback;
}

std::string Lowering::attribute_string(const std::string& name, const std::string& fallback) const {
  const auto* v = attribute_as<std::string>(node_, name, "a string");
  return v ? *v : fallback;
}

std::vector<int64_t> Lowering::attribute_ints(const std::string& name,
                                              std::vector<int64_t> fallback) const {
  const auto* v = attribute_as<std::vector<int64_t>>(node_, name, "integers");
  return v ? *v : fallback;
}

std::vector<float> Lowering::attribute_floats(const std::string& name,
                                              std::vector<float> fallback) const {
  const auto* v = attribute_as<std::vector<float>>(node_, name, "floats");
  return v ? *v : fallback;
}

std::vector<std::string> Lowering::attribute_strings(const std::string& name,
                                                     std::vector<std::string> fallback) const {
  const auto* v = attribute_as<std::vector<std::string>>(node_, name, "strings");
  return v ? *v : fallback;
}

const Tensor* Lowering::attribute_tensor(const std::string& name) const {
  return attribute_as<Tensor>(node_, name, "a tensor");
}

const OnnxGraph* Lowering::attribute_graph(const std::string& name) const {
  const auto* v = attribute_as<std::shared_ptr<OnnxGraph>>(node_, name, "a graph");
  return v ? v->get() : nullptr;
}

const OnnxType* Lowering::attribute_type(const std::string& name) const {
  const auto* v = attribute_as<std::shared_ptr<OnnxType>>(node_, name, "a type");
  return v ? v->get() : nullptr;
}

int Lowering::normalized_axis(int64_t axis, int rank) const {
  if (axis < -rank || axis >= rank) throw CompileError("axis {} is outside rank {}", axis, rank);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

void Lowering::output(size_t k, Entity entity) {
  if (!wants_output(k)) return;
  if (scope_.sizes() && entity.tensor) {
    if (const auto declared = scope_.declared_shape(node_.outputs[k]))
      scope_.sizes()->learn(entity.tensor->shape, *declared);
  }
  scope_.define(node_.outputs[k], std::move(entity));
}

std::vector<std::string> Lowering::origins() const {
  return {node_.name.empty() ? node_.op_type : fmt::format("{} \"{}\"", node_.op_type, node_.name)};
}

std::string Lowering::part_name(const std::string& part) const {
  std::string base = node_.op_type;
  for (const std::string& name : node_.outputs) {
    if (!name.empty()) {
      base = name;
      break;
    }
  }
  return part.empty() ? base : base + "/" + part;
}

Value* Lowering::add(Node::Op op, std::vector<Value*> inputs, DType type, Shape shape,
                     const std::string& part) {
  return graph_
      .add_node(std::move(op), std::move(inputs), {{part_name(part), type, std::move(shape)}},
                origins())
      ->output();
}

Value* Lowering::reshape(Value* x, Shape shape) {
  if (text(x->shape) == text(shape)) return x;
  return add(Reshape{}, {x}, x->type, std::move(shape));
}

Value* Lowering::transpose(Value* x, const std::vector<int>& permutation) {
  Shape space;
  for (int axis : permutation) space.push_back(x->shape[axis]);
  MapBuilder map(*this, space);
  std::vector<Dim> at(permutation.size());
  for (size_t k = 0; k < permutation.size(); ++k)
    at[permutation[k]] = map.index(static_cast<int>(k));
  return map.build(map.load_raw(x, at), x->type);
}

Value* Lowering::broadcast(Value* x, const Shape& shape) {
  if (text(x->shape) == text(shape)) return x;
  MapBuilder map(*this, shape);
  return map.build(map.load(x), x->type, "broadcast");
}

Value* Lowering::cast_to(Value* x, DType type) {
  if (x->type == type) return x;
  MapBuilder map(*this, x->shape);
  return map.build(map.load_raw(x, identity_index(x->shape)), type, "cast");
}

Value* Lowering::constant_value(Tensor tensor, const std::string& part) {
  return graph_.add_constant(part_name(part), std::move(tensor));
}

Value* Lowering::reduce(Reduction reduction, Value* x, std::vector<int> axes, bool keep,
                        const std::function<E(E)>& before, const std::function<E(E)>& after,
                        const std::string& part) {
  const int rank = static_cast<int>(x->shape.size());
  Shape space, reduced;
  for (int i = 0; i < rank; ++i) {
    const bool gone = std::find(axes.begin(), axes.end(), i) != axes.end();
    if (gone) reduced.push_back(x->shape[i]);
    if (!gone || keep) space.push_back(gone ? Dim(1) : x->shape[i]);
  }
  MapBuilder map(*this, space, reduced);
  std::vector<Dim> at;
  int next_kept = 0, next_reduced = static_cast<int>(space.size());
  for (int i = 0; i < rank; ++i) {
    const bool gone = std::find(axes.begin(), axes.end(), i) != axes.end();
    at.push_back(map.index(gone ? next_reduced++ : next_kept));
    if (!gone || keep) ++next_kept;
  }
  E element = map.load(x, at);
  if (before) element = before(element);
  const bool arg = reduction >= Reduction::kArgMaxFirst;
  return map.build_reduction(reduction, element, after, arg ? DType::kInt64 : x->type, part);
}

std::vector<Entity> Lowering::lower_subgraph(const OnnxGraph& body,
                                             const std::vector<Entity>& inputs) {
  return scope_.lower_subgraph(body, inputs);
}

SymbolRef Lowering::fresh_symbol(const std::string& stem, int64_t min, const Dim& max) {
  std::string name = stem;
  for (int i = 1; graph_.symbols.count(name); ++i) name = fmt::format("{}_{}", stem, i);
  Symbol symbol{name, min, std::clamp<int64_t>(max.range().max, 0, kLargestSize), origins()[0]};
  symbol.from_data = true;
  if (!max.is_constant()) symbol.at_most = std::make_shared<const Dim>(max);
  return graph_.add_symbol(symbol);
}

SymbolRef Lowering::open_symbol(const std::string& stem) {
  DataSizes* sizes = scope_.sizes();
  std::string name = stem;
  for (int i = 1; graph_.symbols.count(name); ++i) name = fmt::format("{}_{}", stem, i);
  const auto stated = sizes ? sizes->stated(name) : std::nullopt;
  const int64_t assumed = sizes ? sizes->assumed() : 0;
  Symbol symbol{name, 0, stated ? stated->max : assumed > 0 ? assumed : kLargestSize, origins()[0]};
  symbol.from_data = true;
  const SymbolRef ref = graph_.add_symbol(symbol);
  if (sizes && !stated && assumed == 0) sizes->ask(ref);
  return ref;
}

SymbolRef Lowering::read_size(Value* value, SymbolRef symbol) {
  KernelCall call;
  call.kernel = "read_size";
  call.header = "templates/cpu/read_size.h";
  call.types = {value->type};
  call.arguments = {KernelCall::Input{0}, Dim(symbol->min), Dim(symbol->max)};
  call.result = symbol;
  graph_.add_node(std::move(call), {value}, {}, origins());
  if (scope_.sizes()) scope_.sizes()->read_elements().emplace(copied_element(*value, 0), symbol);
  return symbol;
}

void Lowering::require(Value* condition) {
  KernelCall call;
  call.kernel = "holds";
  call.header = "templates/cpu/read_size.h";
  call.arguments = {KernelCall::Input{0}};
  graph_.add_node(std::move(call), {condition}, {}, origins());
}

void Lowering::require_nonnegative(const Dim& size) const {
  if (proves_nonnegative(size)) return;
  auto& known = graph_.nonnegative;
  if (std::find(known.begin(), known.end(), size) != known.end()) return;
  const auto symbols = size.symbols();
  const bool from_inputs =
      std::none_of(symbols.begin(), symbols.end(), [](const SymbolRef& s) { return s->from_data; });
  if (from_inputs && !scope_.is_body()) return known.push_back(size);
  Map map;
  map.body = integer(size) >= integer(0);
  Value* holds = graph_.add_map(std::move(map), {}, part_name("fits"), origins());
  KernelCall call;
  call.kernel = "holds";
  call.header = "templates/cpu/read_size.h";
  call.arguments = {KernelCall::Input{0}};
  graph_.add_node(std::move(call), {holds}, {}, origins());
}

void Lowering::require_equal(const Dim& a, const Dim& b) const {
  if (a == b) return;
  require_nonnegative(a - b);
  require_nonnegative(b - a);
}

Shape Lowering::broadcast_shape(const Shape& a, const Shape& b) const {
  const size_t rank = std::max(a.size(), b.size());
  Shape out(rank);
  for (size_t i = 0; i < rank; ++i) {
    const Dim x = i + a.size() < rank ? Dim(1) : a[i + a.size() - rank];
    const Dim y = i + b.size() < rank ? Dim(1) : b[i + b.size() - rank];
    if (x == y || y.is(1)) {
      out[i] = x;
    } else if (x.is(1)) {
      out[i] = y;
    } else if (x.is_constant() && y.is_constant()) {
      throw CompileError("shapes {} and {} do not broadcast", text(a), text(b));
    } else {
      // Sizes that could be 1 or equal: equality is what a valid model means.
      out[i] = x.is_constant() ? x : y;
      require_equal(x, y);
    }
  }
  return out;
}

Dim MapBuilder::index(int axis) const {
  const int rank = static_cast<int>(space_.size());
  return Dim::index(axis, axis < rank ? space_.at(axis) : reduced_.at(axis - rank));
}

int MapBuilder::slot(Value* value) {
  const auto it = std::find(inputs_.begin(), inputs_.end(), value);
  if (it != inputs_.end()) return static_cast<int>(it - inputs_.begin());
  inputs_.push_back(value);
  return static_cast<int>(inputs_.size()) - 1;
}

E MapBuilder::load_raw(Value* value, std::vector<Dim> at) {
  return onnxc::load(slot(value), value->type, std::move(at));
}

E MapBuilder::load(Value* value, std::vector<Dim> at) {
  return cast(compute_type(value->type), load_raw(value, std::move(at)));
}

std::vector<Dim> MapBuilder::broadcast_index(const Value* value) const {
  std::vector<Dim> at;
  const size_t lead = space_.size() - value->shape.size();
  for (size_t i = 0; i < value->shape.size(); ++i) {
    at.push_back(value->shape[i].is(1) ? Dim(0) : index(static_cast<int>(lead + i)));
  }
  return at;
}

E MapBuilder::load(Value* value) { return load(value, broadcast_index(value)); }

Dim MapBuilder::load_index(Value* value, std::vector<Dim> at, Range assumed) {
  return as_index(cast(DType::kInt64, load_raw(value, std::move(at))), assumed);
}

Value* MapBuilder::build(E body, DType type, const std::string& part) {
  return x_.graph().add_map({space_, {}, Reduction::kNone, cast(type, body), E()}, inputs_,
                            x_.part_name(part), x_.origins());
}

Value* MapBuilder::build_reduction(Reduction reduction, E body, const std::function<E(E)>& finish,
                                   DType type, const std::string& part) {
  Map map{space_, reduced_, reduction, body, E()};
  E result = accumulator(result_type(map));
  if (finish) result = finish(result);
  result = cast(type, result);
  if (result->kind != Expr::Kind::kAccumulator) map.finish = result;
  return x_.graph().add_map(std::move(map), inputs_, x_.part_name(part), x_.origins());
}

}  // namespace onnxc
