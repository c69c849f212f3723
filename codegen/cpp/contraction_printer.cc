// Calls of convolution and matrix kernels, with epilogues as small structs shared by equal steps.
#include "codegen/cpp/contraction_printer.h"

#include <fmt/ranges.h>

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
  std::vector<Dim> sizes = {};  // that the definitions mention
};

// An expression of the epilogue object for `finish`; declares its struct if no equal one exists.
// Loads carry a flat index.
std::string epilogue(const E& finish, const std::vector<Value*>& inputs, const Position& position,
                     const ValueNames& names, RunContext& context) {
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
  for (const auto& [symbol, unused] : symbols) {
    fields += fmt::format("int64_t {};\n", symbol);
    arguments += (arguments.empty() ? "" : ", ") + symbol;
  }
  ExprPrinter printer({[&](int input) { return members.at(input); },
                       [&](int axis) { return position.index_names.at(axis); }, "sum", true},
                      position.vector_axis);
  const std::string value = printer.print(finish, true);
  std::string statements;
  for (const std::string& s : printer.take_statements()) statements += s + "\n";
  const std::string body = fields + "|" + position.definitions + "|" + statements + "|" + value;
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
            {"value", value}});
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

std::string pair(const std::string& kind, const std::vector<int64_t>& values, int64_t missing) {
  const int64_t y = values.size() > 1 ? values[0] : missing, x = values.back();
  if (kind == "fixed") return fmt::format("Extent{{fixed<{}>, fixed<{}>}}", y, x);
  return fmt::format("Extent{{size_t({}), size_t({})}}", y, x);
}

std::string matmul_epilogue(const MatMul& product, const Node& node, const ValueNames& names,
                            RunContext& context) {
  if (!product.finish) return plain_epilogue(context);
  Position position;
  position.vector_axis = 3;
  position.index_names = {"outer", "inner", "row", "column"};
  position.sizes = {product.inner};
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

}  // namespace

void print_conv(const Node& node, const Conv& conv, const std::string& threads,
                const ValueNames& names, RunContext& context) {
  context.headers.insert("templates/cpu/" + conv.method + ".h");
  context.headers.insert("templates/common/threads.h");
  const bool first = conv.method == "conv2d_first";
  const Shape &in = node.inputs[0]->shape, &out = node.output()->shape;
  const bool planar = out.size() == 5;
  const size_t in_rows = 2, out_rows = 2;
  const auto image = [&](const Shape& shape, size_t rows, int64_t channels, bool plain) {
    const std::string height = planar ? size(shape[rows]) : "size_t(1)",
                      width = size(shape[rows + (planar ? 1 : 0)]);
    return fmt::format("{}{{size_t({}), {}, {}}}", plain ? "PlainImage" : "BlockedImage", channels,
                       height, width);
  };
  const std::string kind = first ? "fixed" : "size";
  const std::string window = fmt::format("Window{{{}, {}, {}, {}}}", pair(kind, conv.kernel, 1),
                                         pair(kind, conv.strides, 1), pair(kind, conv.dilations, 1),
                                         pair("size", conv.pads_begin, 0));
  const std::string batch = size(out[0]);
  const std::string in_image = image(in, in_rows, conv.in_channels, first),
                    out_image = image(out, out_rows, node.output()->layout.channels.value(), false);
  const bool grouped = conv.method == "conv2d_direct";
  const std::string groups = grouped ? fmt::format(", size_t({})", conv.groups) : "";
  context.calls.push_back(fmt::format("{}<kWidth>({}, {}, {}, {}, {}, {},", conv.method,
                                      names(node.inputs[0]), names(node.inputs[1]),
                                      names(node.output()), batch, in_image, out_image));
  context.calls.push_back(fmt::format("    {}{}, {}, {});", window, groups,
                                      conv_epilogue(node, conv, names, context), threads));
}

void print_matmul(const Node& node, const MatMul& product, const Dim& scratch,
                  const std::string& threads, const ValueNames& names, RunContext& context) {
  context.headers.insert("templates/cpu/" + product.method + ".h");
  const std::string object = matmul_epilogue(product, node, names, context);
  context.headers.insert("templates/common/threads.h");
  const auto start = [&](const Value* v, const Dim& offset) {
    return element_at(names(v), offset);
  };
  const std::string a = start(node.inputs[0], product.a.offset),
                    c = start(node.output(), product.c.offset);
  if (product.method == "matmul_packed") {
    const std::string sizes =
        fmt::format("{}, {}, {}", size(product.m), size(product.n), size(product.k));
    context.calls.push_back(fmt::format("matmul_packed<kWidth>({}, {}, {}, {}, {}, {},", a,
                                        size(product.a.row), names(node.inputs[1]), c,
                                        size(product.c.row), sizes));
    context.calls.push_back(fmt::format("    {}, {});", object, threads));
    return;
  }
  const std::string shape =
      fmt::format("MatmulShape{{{}, {}, {}, {}, {}}}", size(product.outer), size(product.inner),
                  size(product.m), size(product.n), size(product.k));
  context.calls.push_back(fmt::format("matmul<kWidth>({}, {}, {}, {},", a, strides(product.a),
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
