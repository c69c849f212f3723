// Calls of convolution and matrix kernels, with epilogues as small structs shared by equal steps.
#include "codegen/cpp/contraction_printer.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "codegen/cpp/element_type.h"
#include "codegen/cpp/expr_printer.h"
#include "codegen/source_writer.h"
#include "compiler/ir/loop_nest.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

std::string print(const Dim& d) { return ExprPrinter({}, -1).print(d); }
std::string size(const Dim& d) {
  return d.is_constant() ? fmt::format("size_t({})", d.value())
                         : fmt::format("size_t({})", print(d));
}
std::string distance(const Dim& d) {
  return d.is_constant() ? print(d) : fmt::format("ptrdiff_t({})", print(d));
}

// How an epilogue's loop indices read in C++, and the statements that define them.
struct Position {
  std::vector<std::string> index_names;
  std::string definitions;
  int vector_axis;
  std::vector<Dim> sizes = {};          // that the definitions mention
  std::vector<Dim> outer_indices = {};  // loops whose distances in memory are members, not literals
};

// An expression whose loads go along the outer loops by distances with names, so that steps which
// differ in sizes alone share a struct.
struct NamedDistances {
  E finish;
  std::vector<std::pair<std::string, int64_t>> distances;
};

NamedDistances name_distances(const E& finish, const std::vector<Dim>& outer_indices) {
  NamedDistances result;
  const auto name_of = [&](int64_t distance) {
    for (const auto& [name, value] : result.distances) {
      if (value == distance) return name;
    }
    const size_t number = result.distances.size();
    result.distances.emplace_back(number == 0 ? "stride" : fmt::format("stride{}", number + 1),
                                  distance);
    return result.distances.back().first;
  };
  result.finish = rewrite(finish, [&](const Expr& x) -> std::optional<E> {
    if (x.kind != Expr::Kind::kLoad) return std::nullopt;
    Dim index = x.index[0];
    for (size_t axis = 0; axis < outer_indices.size(); ++axis) {
      const auto c = index.coefficient_of_index(static_cast<int>(axis));
      if (!c || !c->is_constant() || c->value() <= Layout::kBlock) continue;
      const Dim distance(std::make_shared<Symbol>(Symbol{name_of(c->value()), 0, INT64_MAX, ""}));
      index = index + outer_indices[axis] * (distance - *c);
    }
    return load(x.input, x.type, {index});
  });
  return result;
}

// An expression of the epilogue object for `finish`; declares its struct if no equal one exists.
// Loads carry a flat index.
std::string epilogue(const E& value, const std::vector<Value*>& inputs, const Position& position,
                     const ValueNames& names, RunContext& context) {
  const auto [finish, distances] = name_distances(value, position.outer_indices);
  std::map<int, std::string> members;
  std::map<std::string, bool> symbols;
  const auto add = [&](const Dim& d) {
    for (const auto& s : d.symbols()) symbols[identifier(s->name)] = true;
  };
  for (const Dim& d : position.sizes) add(d);
  visit(finish, [&](const Expr& x) {
    for (const Dim& d : x.index) add(d);
    if (x.kind == Expr::Kind::kInteger) add(x.integer);
    if (x.kind == Expr::Kind::kLoad) members.emplace(x.input, "");
  });
  int next = 0;
  std::string fields, arguments;
  for (auto& [input, member] : members) {
    member = "x" + std::to_string(next++);
    fields += fmt::format("const {}* {};\n", element_type(inputs[input]->type), member);
    arguments += (arguments.empty() ? "" : ", ") + names(inputs[input]);
  }
  for (const auto& item : symbols) {
    const std::string& symbol = item.first;
    fields += fmt::format("int64_t {};\n", symbol);
    const auto named = std::find_if(distances.begin(), distances.end(),
                                    [&](const auto& d) { return d.first == symbol; });
    arguments += (arguments.empty() ? "" : ", ") +
                 (named == distances.end() ? symbol : std::to_string(named->second));
  }
  ExprPrinter printer({[&](int input) { return members.at(input); },
                       [&](int axis) { return position.index_names.at(axis); }, "sum", true},
                      position.vector_axis);
  const std::string result = printer.print(finish, true);
  std::string statements;
  for (const std::string& s : printer.take_statements()) statements += s + "\n";
  const std::string body = fields + "|" + position.definitions + "|" + statements + "|" + result;
  auto it = context.epilogues.find(body);
  if (it == context.epilogues.end()) {
    it = context.epilogues.emplace(body, context.pool.unique("Epilogue")).first;
    SourceWriter w;
    w.emit(R"(
      struct $name$ {
        $fields$

        template <class V, class At>
        ONNXC_INLINE V operator()(V sum, const At& at) const {
          [[maybe_unused]] constexpr Lanes<At::lanes> lanes{};
          $definitions$
          $statements$
          return $value$;
        }
      };
    )",
           {{"name", it->second},
            {"fields", fields},
            {"definitions", position.definitions},
            {"statements", statements},
            {"value", result}});
    w.line();
    context.functions += w.take();
  }
  return fmt::format("{}{{{}}}", it->second, arguments);
}

std::string plain_epilogue(RunContext& context) {
  context.headers.insert("templates/common/epilogue.h");
  return "Store{}";
}

E flattened(const E& finish, const std::vector<Value*>& inputs) {
  return rewrite(finish, [&](const Expr& x) -> std::optional<E> {
    if (x.kind != Expr::Kind::kLoad) return std::nullopt;
    return load(x.input, x.type, {flat_index(x.index, inputs.at(x.input)->shape)});
  });
}

std::string conv_epilogue(const Node& node, const Conv& conv, const ValueNames& names,
                          RunContext& context) {
  if (!conv.finish) return plain_epilogue(context);
  const Shape& out = node.output()->shape;  // [N, blocks, spatial..., 16]
  const int rank = static_cast<int>(out.size()), lane = rank - 1;
  E finish = flattened(conv.finish, node.inputs);
  Position position;
  position.vector_axis = lane;
  position.index_names.assign(rank, "pixel");
  position.index_names[0] = "n";
  position.index_names[1] = "block";
  position.index_names[lane] = "lane";
  position.outer_indices = {Dim::index(0, out[0]), Dim::index(1, out[1])};
  const bool planar = rank == 5;
  bool merges = true;
  if (planar) {
    visit(finish, [&](const Expr& x) {
      for (const Dim& d : x.index) {
        const auto y = d.coefficient_of_index(2), c = d.coefficient_of_index(3);
        merges &= y && c && *y == *c * out[3];
      }
    });
    if (merges) {
      finish = substitute_indices(finish, [&](int axis) -> Dim {
        return axis == 2   ? Dim(0)
               : axis == 3 ? Dim::index(3, out[2] * out[3])
                           : Dim::index(axis, out[axis]);
      });
    } else {
      position.index_names[2] = "y";
      position.index_names[3] = "x";
    }
  }
  position.definitions =
      "[[maybe_unused]] const int64_t n = int64_t(at.n), block = int64_t(at.channel / kBlock), "
      "lane = int64_t(at.channel % kBlock), pixel = int64_t(at.pixel);\n";
  if (!merges)
    position.definitions += fmt::format(
        "[[maybe_unused]] const int64_t y = pixel / ({0}), x = pixel % ({0});\n", print(out[3]));
  return epilogue(finish, node.inputs, position, names, context);
}

// A pair of sizes, vertical first; one-dimensional windows have `missing` there.
std::string extent(const std::vector<int64_t>& values, int64_t missing) {
  return fmt::format("extent({}, {})", values.size() > 1 ? values[0] : missing, values.back());
}
std::string fixed_extent(const std::vector<int64_t>& values) {
  return fmt::format("Extent{{fixed<{}>, fixed<{}>}}", values.size() > 1 ? values[0] : 1,
                     values.back());
}

// `kind`_image of a tensor [N, channels or blocks, spatial...].
std::string image(const std::string& kind, const Shape& shape, bool planar, int64_t channels) {
  return fmt::format("{}_image({}, {}, {})", kind, channels, planar ? print(shape[2]) : "1",
                     print(shape[planar ? 3 : 2]));
}

std::string window(const Conv& conv) {
  const std::string pads = extent(conv.pads_begin, 0);
  const bool unrolled = conv.method == "conv2d_depthwise" && conv.kernel.back() <= 7 &&
                        conv.strides.back() <= 2 && conv.dilations.back() == 1;
  if (conv.method == "conv2d_first" || unrolled)
    return fmt::format("Window{{{}, {}, {}, {}}}", fixed_extent(conv.kernel),
                       fixed_extent(conv.strides), fixed_extent(conv.dilations), pads);
  return fmt::format("Window{{{}, {}, {}, {}}}", extent(conv.kernel, 1), extent(conv.strides, 1),
                     extent(conv.dilations, 1), pads);
}

std::string matmul_epilogue(const MatMul& product, const Node& node, const ValueNames& names,
                            RunContext& context) {
  if (!product.finish) return plain_epilogue(context);
  Position position;
  position.vector_axis = 3;
  position.index_names = {"outer", "inner", "row", "column"};
  position.sizes = {product.inner};
  position.outer_indices = {Dim::index(0, product.outer), Dim::index(1, product.inner),
                            Dim::index(2, product.m)};
  position.definitions = fmt::format(
      "[[maybe_unused]] const int64_t outer = int64_t(at.batch) / ({0}), inner = "
      "int64_t(at.batch) % ({0}), row = int64_t(at.row), column = int64_t(at.column);\n",
      print(product.inner));
  return epilogue(product.finish, node.inputs, position, names, context);
}

std::string strides(const MatMul::Strides& s) {
  return fmt::format("MatrixStrides{{{}, {}, {}, {}}}", distance(s.outer), distance(s.inner),
                     distance(s.row), distance(s.column));
}

std::string element_at(const std::string& pointer, const Dim& offset) {
  return offset.is(0) ? pointer : pointer + " + " + print(offset);
}

void print_conv_amx(const Node& node, const Conv& conv, const std::string& threads,
                    const ValueNames& names, RunContext& context) {
  const Conv::SplitImage& split = conv.split;
  const Shape& out = node.output()->shape;
  const bool planar = conv.kernel.size() == 2;
  const std::string halo = fmt::format("HaloImage{{{}, {}, {}, {}, {}}}", split.height, split.width,
                                       split.top, split.bottom, split.beside);
  context.calls.push_back(
      fmt::format("conv2d_amx<kWidth, {}>({}, {}, {}, {}, blocked_image({}, {}, {}), {}, {},",
                  split.parts, names(node.inputs[0]), names(node.inputs[1]), names(node.output()),
                  print(out[0]), conv.in_channels, split.height, split.width, halo,
                  image("blocked", out, planar, node.output()->layout.channels.value())));
  context.calls.push_back(fmt::format("    {}, {}, {});", window(conv),
                                      conv_epilogue(node, conv, names, context), threads));
}

}  // namespace

void print_conv(const Node& node, const Conv& conv, const std::string& threads,
                const ValueNames& names, RunContext& context) {
  context.headers.insert("templates/cpu/" + conv.method + ".h");
  context.headers.insert("templates/common/threads.h");
  if (conv.method == "conv2d_amx") return print_conv_amx(node, conv, threads, names, context);
  const Shape &in = node.inputs[0]->shape, &out = node.output()->shape;
  const bool planar = out.size() == 5;
  const std::string in_kind = conv.method == "conv2d_first" ? "plain" : "blocked";
  context.calls.push_back(
      fmt::format("{}<kWidth>({}, {}, {}, {}, {}, {},", conv.method, names(node.inputs[0]),
                  names(node.inputs[1]), names(node.output()), print(out[0]),
                  image(in_kind, in, planar, conv.in_channels),
                  image("blocked", out, planar, node.output()->layout.channels.value())));
  const bool grouped = conv.method == "conv2d_direct" || conv.method == "conv2d_grouped";
  context.calls.push_back(fmt::format("    {}{}, {}, {});", window(conv),
                                      grouped ? fmt::format(", {}", conv.groups) : "",
                                      conv_epilogue(node, conv, names, context), threads));
}

void print_matmul(const Node& node, const MatMul& product, const Dim& scratch,
                  const std::string& threads, const ValueNames& names, RunContext& context) {
  context.headers.insert("templates/cpu/" + product.method + ".h");
  context.headers.insert("templates/common/threads.h");
  const std::string object = matmul_epilogue(product, node, names, context);
  const auto start = [&](const Value* v, const Dim& offset) {
    return element_at(names(v), offset);
  };
  const std::string c = start(node.output(), product.c.offset);
  const std::string sizes =
      fmt::format("{}, {}, {}", product.m.is(1) ? "fixed<1>" : size(product.m), size(product.n),
                  size(product.k));
  if (product.method == "matmul_amx") {
    const std::string partial =
        product.scratch_bytes.is(0)
            ? "nullptr"
            : fmt::format("reinterpret_cast<float*>(ws.scratch({}))", print(scratch));
    context.calls.push_back(fmt::format("matmul_amx<kWidth, {}>({}, {}, {}, {}, {}, {},",
                                        product.parts, names(node.inputs[0]), names(node.inputs[1]),
                                        c, size(product.c.row), sizes, partial));
    context.calls.push_back(fmt::format("    {}, {});", object, threads));
    return;
  }
  if (product.method == "matmul_packed") {
    context.calls.push_back(fmt::format(
        "matmul_packed<kWidth>({}, {}, {}, {}, {}, {},", start(node.inputs[0], product.a.offset),
        size(product.a.row), names(node.inputs[1]), c, size(product.c.row), sizes));
    context.calls.push_back(fmt::format("    {}, {});", object, threads));
    return;
  }
  const std::string shape =
      fmt::format("MatmulShape{{{}, {}, {}, {}, {}}}", size(product.outer), size(product.inner),
                  size(product.m), size(product.n), size(product.k));
  context.calls.push_back(fmt::format("matmul<kWidth>({}, {}, {}, {},",
                                      start(node.inputs[0], product.a.offset), strides(product.a),
                                      start(node.inputs[1], product.b.offset), strides(product.b)));
  context.calls.push_back(fmt::format("    {}, {}, {}, ws.thread_scratch({}), {}, {});", c,
                                      strides(product.c), shape, print(scratch), object, threads));
}

void print_attention(const Node& node, const Attention& attention, const Dim& scratch,
                     const std::string& threads, const ValueNames& names, RunContext& context) {
  context.headers.insert("templates/cpu/attention.h");
  context.headers.insert("templates/common/threads.h");
  const MatMul &scores = attention.scores, &values = attention.values;
  const std::string shape = fmt::format("AttentionShape{{{}, {}, {}, {}, {}, {}}}",
                                        size(scores.outer), size(scores.inner), size(scores.m),
                                        size(scores.n), size(scores.k), size(values.n));
  const auto operand = [&](const Value* v, const MatMul::Strides& s) {
    return element_at(names(v), s.offset) + ", " + strides(s);
  };
  context.calls.push_back(fmt::format("attention<kWidth>({}, {},",
                                      operand(node.inputs[0], scores.a),
                                      operand(node.inputs[1], scores.b)));
  context.calls.push_back(fmt::format("    {}, {},", operand(node.inputs[2], values.b),
                                      operand(node.output(), values.c)));
  context.calls.push_back(fmt::format("    {}, ws.thread_scratch({}), {},", shape, print(scratch),
                                      matmul_epilogue(scores, node, names, context)));
  context.calls.push_back(
      fmt::format("    {}, {});", matmul_epilogue(values, node, names, context), threads));
}

}  // namespace onnxc
