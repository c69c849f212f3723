// LSTM, GRU and RNN: one matrix product projects the inputs of all steps, then a kernel walks them.
#include <algorithm>
#include <cctype>
#include <limits>
#include <string>

#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

// What a cell's kind fixes.
struct Cell {
  std::string kernel;
  int gates;
  int states;  // 2 with a memory beside the output
  std::vector<std::string> activations;
  int scratch_rows;  // padded rows of scratch a batch entry
};

struct Layer {
  Lowering& x;
  Cell cell;
  DType type;
  int64_t directions, hidden;
  bool reverse, batch_first;
  Dim steps, batch;
};

std::string lower_case(std::string s) {
  std::transform(s.begin(), s.end(), s.begin(), [](unsigned char c) { return std::tolower(c); });
  return s;
}

// The activation functions with the parameters they take from activation_alpha and
// activation_beta, in order.
struct Activation {
  std::string_view name, object;
  std::vector<double> defaults;  // alpha, then beta
};

const std::vector<Activation>& activations() {
  static const std::vector<Activation> list = {
      {"affine", "Affine", {1, 0}},
      {"elu", "Elu", {1}},
      {"hardsigmoid", "HardSigmoid", {0.2, 0.5}},
      {"leakyrelu", "LeakyRelu", {0.01}},
      {"relu", "Relu", {}},
      {"scaledtanh", "ScaledTanh", {1, 1}},
      {"sigmoid", "Sigmoid", {}},
      {"softplus", "Softplus", {}},
      {"softsign", "Softsign", {}},
      {"tanh", "Tanh", {}},
      {"thresholdedrelu", "ThresholdedRelu", {1}},
  };
  return list;
}

// The node's activation functions as objects of templates/cpu/activation.h.
std::vector<std::string> activation_objects(const Layer& l) {
  std::vector<std::string> names;
  for (int64_t d = 0; d < l.directions; ++d) {
    names.insert(names.end(), l.cell.activations.begin(), l.cell.activations.end());
  }
  if (l.x.has_attribute("activations")) {
    const auto& value = l.x.node().attributes.at("activations");
    const auto* given = std::get_if<std::vector<std::string>>(&value);
    if (!given || given->size() != names.size()) {
      throw l.x.error("there are {} activations, expected {}", given ? given->size() : 0,
                      names.size());
    }
    names = *given;
  }
  const std::vector<float> alpha = l.x.attribute_floats("activation_alpha", {});
  const std::vector<float> beta = l.x.attribute_floats("activation_beta", {});
  size_t next_alpha = 0, next_beta = 0;
  std::vector<std::string> objects;
  for (const std::string& name : names) {
    const auto it = std::find_if(activations().begin(), activations().end(),
                                 [&](const Activation& a) { return a.name == lower_case(name); });
    if (it == activations().end()) throw l.x.error("activation \"{}\" is not known", name);
    std::string parameters;
    for (size_t i = 0; i < it->defaults.size(); ++i) {
      const std::vector<float>& given = i == 0 ? alpha : beta;
      size_t& next = i == 0 ? next_alpha : next_beta;
      const double v = next < given.size() ? static_cast<double>(given[next++]) : it->defaults[i];
      parameters += fmt::format("{}float({})", i ? ", " : "", v);
    }
    objects.push_back(fmt::format("{}{{{}}}", it->object, parameters));
  }
  return objects;
}

Layer read_layer(Lowering& x, Cell cell) {
  const std::string direction = x.attribute_string("direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional") {
    throw x.error("direction \"{}\" is none of forward, reverse and bidirectional", direction);
  }
  const int64_t directions = direction == "bidirectional" ? 2 : 1;
  const bool batch_first = x.attribute_int("layout", 0) != 0;
  const Shape &input = x.shape(0), &w = x.shape(1), &r = x.shape(2);
  if (input.size() != 3 || w.size() != 3 || r.size() != 3) {
    throw x.error("input {}, W {} and R {} must have three axes", text(input), text(w), text(r));
  }
  if (!r[2].is_constant()) throw x.error("the size of the state {} is not fixed", r[2].text());
  const int64_t hidden = x.attribute_int("hidden_size", r[2].value());
  if (!r[2].is(hidden) || !r[1].is(cell.gates * hidden) || !r[0].is(directions)) {
    throw x.error("R has shape {}, expected [{},{},{}]", text(r), directions, cell.gates * hidden,
                  hidden);
  }
  if (!w[1].is(cell.gates * hidden) || !w[0].is(directions) || proves_ne(w[2], input[2])) {
    throw x.error("W has shape {}, expected [{},{},{}]", text(w), directions, cell.gates * hidden,
                  input[2].text());
  }
  return {x,
          std::move(cell),
          compute_type(x.type(0)),
          directions,
          hidden,
          direction == "reverse",
          batch_first,
          input[batch_first ? 1 : 0],
          input[batch_first ? 0 : 1]};
}

// The biases of input and state added up, [directions, gates * hidden]; gates from `without` on
// leave out the state's. Null if there are none.
Value* input_bias(const Layer& l, int without) {
  Lowering& x = l.x;
  if (!x.has_input(3)) return nullptr;
  const int64_t width = l.cell.gates * l.hidden;
  if (x.rank(3) != 2 || !x.shape(3)[0].is(l.directions) || !x.shape(3)[1].is(2 * width)) {
    throw x.error("B has shape {}, expected [{},{}]", text(x.shape(3)), l.directions, 2 * width);
  }
  MapBuilder map(x, {l.directions, width});
  const Dim d = map.index(0), unit = map.index(1);
  E sum = map.load(x.input(3), {d, unit});
  const E of_state = map.load(x.input(3), {d, unit + width});
  sum = sum + (without < l.cell.gates
                   ? select(integer(unit) < integer(without * l.hidden), of_state, 0.0)
                   : of_state);
  return x.reshape(map.build(sum, l.type, "bias"), {Dim(l.directions) * width});
}

// Input times W plus bias: [.., .., directions * gates * hidden] in the input's order of axes.
Value* projected(const Layer& l, Value* bias) {
  Lowering& x = l.x;
  Value* input = x.input(0);
  const Dim width = Dim(l.directions) * l.cell.gates * l.hidden, depth = input->shape[2];
  Value* w = x.reshape(x.input(1), {width, depth});
  MapBuilder map(x, {input->shape[0], input->shape[1], width}, {depth});
  const Dim k = map.index(3), column = map.index(2);
  const E product = map.load(input, {map.index(0), map.index(1), k}) * map.load(w, {column, k});
  const auto finish = [&](E sum) { return bias ? sum + map.load(bias, {column}) : sum; };
  return map.build_reduction(Reduction::kSum, product, finish, l.type, "projected");
}

// R as the kernel reads it: [directions, blocks of 16 units, hidden, gates, 16], zeros beyond the
// last unit.
Value* packed_weights(const Layer& l) {
  constexpr int64_t kBlock = 16;
  MapBuilder map(l.x,
                 {l.directions, (l.hidden + kBlock - 1) / kBlock, l.hidden, l.cell.gates, kBlock});
  const Dim unit = map.index(1) * kBlock + map.index(4);
  const E weight =
      map.load(l.x.input(2), {map.index(0), map.index(3) * l.hidden + unit, map.index(2)});
  return map.build(select(integer(unit) < integer(l.hidden), weight, 0.0), l.type, "weights");
}

// The call's inputs and outputs while its arguments are listed.
class Call {
 public:
  explicit Call(const Layer& l) : l_(l) {
    call_.kernel = l.cell.kernel;
    call_.header = "templates/cpu/recurrent_layer.h";
    call_.types = {l.type};
    call_.arguments.push_back(KernelCall::Code{"fixed<kWidth>"});
  }

  void input(Value* value) {
    int number = -1;
    if (value) {
      number = static_cast<int>(inputs_.size());
      inputs_.push_back(value);
    }
    call_.arguments.push_back(KernelCall::Input{number});
  }

  // Optional input `i` of the node, in the kernel's type.
  void optional_input(size_t i) {
    input(l_.x.has_input(i) ? l_.x.cast_to(l_.x.input(i), l_.type) : nullptr);
  }

  void output(size_t k, const std::string& part, Shape shape) {
    int number = -1;
    if (l_.x.wants_output(k)) {
      number = static_cast<int>(results_.size());
      results_.push_back({l_.x.part_name(part), l_.type, std::move(shape)});
      numbers_.push_back(k);
    }
    call_.arguments.push_back(KernelCall::Output{number});
  }

  void sizes() {
    constexpr int64_t kBlock = 16;
    const int64_t padded = (l_.hidden + kBlock - 1) / kBlock * kBlock;
    call_.arguments.push_back(KernelCall::Scratch{});
    call_.scratch_bytes =
        l_.batch * (l_.cell.scratch_rows * padded + 1) * static_cast<int64_t>(byte_size(l_.type));
    for (const Dim& d : {l_.steps, l_.batch, Dim(l_.hidden), Dim(l_.directions), Dim(l_.reverse),
                         Dim(l_.batch_first)}) {
      call_.arguments.push_back(d);
    }
    const double unlimited = std::numeric_limits<double>::infinity();
    const double clip = l_.x.has_attribute("clip")
                            ? static_cast<double>(l_.x.attribute_float("clip", 0))
                            : unlimited;
    call_.arguments.push_back(clip > 0 ? clip : unlimited);
  }

  void flag(bool value) { call_.arguments.push_back(Dim(value)); }

  // Adds the node and gives its outputs to the model's names.
  void finish() {
    for (const std::string& a : activation_objects(l_)) {
      call_.arguments.push_back(KernelCall::Code{a});
    }
    if (results_.empty()) return;
    const Node* node = l_.x.graph().add_node(std::move(call_), inputs_, results_, l_.x.origins());
    for (size_t i = 0; i < numbers_.size(); ++i) {
      l_.x.output(numbers_[i], l_.x.cast_to(node->outputs[i], l_.x.type(0)));
    }
  }

 private:
  const Layer& l_;
  KernelCall call_;
  std::vector<Value*> inputs_;
  std::vector<Graph::Result> results_;
  std::vector<size_t> numbers_;
};

void state_inputs(const Layer& l, Call& call) {
  Lowering& x = l.x;
  Value* lengths = nullptr;
  if (x.has_input(4)) lengths = x.cast_to(x.input(4), DType::kInt32);
  call.input(lengths);
  call.optional_input(5);
  if (l.cell.states == 2) call.optional_input(6);
}

void state_outputs(const Layer& l, Call& call) {
  const Dim d = l.directions, h = l.hidden;
  call.output(0, "", l.batch_first ? Shape{l.batch, l.steps, d, h} : Shape{l.steps, d, l.batch, h});
  const Shape state = l.batch_first ? Shape{l.batch, d, h} : Shape{d, l.batch, h};
  call.output(1, "last", state);
  if (l.cell.states == 2) call.output(2, "last_memory", state);
}

void lstm(Lowering& x) {
  const Layer l = read_layer(x, {"lstm_layer", 4, 2, {"Sigmoid", "Tanh", "Tanh"}, 3});
  Call call(l);
  call.input(projected(l, input_bias(l, 4)));
  call.input(packed_weights(l));
  state_inputs(l, call);
  call.optional_input(7);
  state_outputs(l, call);
  call.sizes();
  call.flag(x.attribute_int("input_forget", 0) != 0);
  call.finish();
}

// The state's bias of the hidden gate, [directions, hidden], which the reset gate scales.
Value* hidden_bias(const Layer& l) {
  if (!l.x.has_input(3)) return nullptr;
  MapBuilder map(l.x, {l.directions, l.hidden});
  return map.build(map.load(l.x.input(3), {map.index(0), map.index(1) + 5 * l.hidden}), l.type,
                   "hidden_bias");
}

void gru(Lowering& x) {
  const Layer l = read_layer(x, {"gru_layer", 3, 1, {"Sigmoid", "Tanh"}, 4});
  const bool linear_before_reset = x.attribute_int("linear_before_reset", 0) != 0;
  Call call(l);
  call.input(projected(l, input_bias(l, linear_before_reset ? 2 : 3)));
  call.input(packed_weights(l));
  state_inputs(l, call);
  call.input(linear_before_reset ? hidden_bias(l) : nullptr);
  state_outputs(l, call);
  call.sizes();
  call.flag(linear_before_reset);
  call.finish();
}

void rnn(Lowering& x) {
  const Layer l = read_layer(x, {"rnn_layer", 1, 1, {"Tanh"}, 2});
  Call call(l);
  call.input(projected(l, input_bias(l, 1)));
  call.input(packed_weights(l));
  state_inputs(l, call);
  state_outputs(l, call);
  call.sizes();
  call.finish();
}

}  // namespace

OPS_TABLE(recurrent){
    {"GRU", 1, "float", gru},
    {"LSTM", 1, "float", lstm},
    {"RNN", 1, "float", rnn},
};
OPS_END(recurrent)

}  // namespace onnxc
