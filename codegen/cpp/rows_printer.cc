// Printing of rows: one loop over the shared axes, in it one loop a part, scalars in locals.
#include <algorithm>
#include <map>

#include "codegen/cpp/element_type.h"
#include "codegen/cpp/expr_printer.h"
#include "codegen/cpp/map_printer.h"
#include "codegen/cpp/nest_text.h"
#include "codegen/source_writer.h"
#include "compiler/ir/vectorizable.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

std::string index_name(int axis) { return "i" + std::to_string(axis); }

bool is_mean(const LoopNest& part) {
  const E& f = part.finish;
  return f && f->kind == Expr::Kind::kCall &&
         (f->op == ScalarOp::kDiv || f->op == ScalarOp::kMul) &&
         f->args[0]->kind == Expr::Kind::kAccumulator;
}

bool is_inverse(const LoopNest& part) {
  const E& f = part.finish;
  return f && f->kind == Expr::Kind::kCall && f->op == ScalarOp::kDiv &&
         f->args[0]->kind == Expr::Kind::kConstant;
}

std::string stem_of(const LoopNest& part) {
  if (is_inverse(part)) return "inverse";
  switch (part.reduction) {
    case Reduction::kNone:
      return "row";
    case Reduction::kMax:
      return "largest";
    case Reduction::kMin:
      return "smallest";
    case Reduction::kProduct:
      return "whole";
    default:
      return is_mean(part) ? "mean" : "total";
  }
}

class RowsPrinter {
 public:
  RowsPrinter(const Rows& rows, const RowNest& nest)
      : rows_(rows), nest_(nest), first_(static_cast<int>(nest.outer.size())) {
    std::map<std::string, int> taken;
    for (const std::string& symbol : symbols_of(nest.parts)) taken[symbol] = 1;
    for (size_t k = 0; k < nest.parts.size(); ++k) {
      const std::string stem = is_scalar(k) && nest.parts[k].reduction == Reduction::kNone
                                   ? "value"
                                   : stem_of(nest.parts[k]);
      const int count = taken[stem]++;
      names_.push_back(count == 0 ? stem : stem + std::to_string(count + 1));
    }
  }

  std::string print() {
    open_rows();
    for (size_t k = 0; k < nest_.parts.size(); ++k) {
      if (k + 1 < nest_.parts.size() && runs_with_next(k)) {
        declare_row(k);
        print_reduction(k + 1, static_cast<int>(k));
        ++k;
      } else if (nest_.parts[k].reduction == Reduction::kNone) {
        print_elements(k);
      } else {
        print_reduction(k, -1);
      }
    }
    close();
    return writer_.take();
  }

 private:
  const LoopNest& nest(size_t k) const { return nest_.parts[k]; }
  DType type_of(size_t k) const { return result_type(rows_.parts[k].map); }
  bool is_kept(size_t k) const { return rows_.parts[k].home != Rows::kNoHome; }
  bool is_scalar(size_t k) const {
    return !is_kept(k) && product(row_shape(rows_, rows_.parts[k])).is(1);
  }
  int last_loop(size_t k) const { return static_cast<int>(nest(k).extents.size()) - 1; }

  std::string pointer(int input) const {
    if (input < kFirstPart) return "x" + std::to_string(input);
    const auto part = static_cast<size_t>(input - kFirstPart);
    return is_kept(part) ? "y" + std::to_string(rows_.parts[part].home) : names_[part];
  }
  ExprPrinter printer(int vector_axis, const std::string& accumulator = "sum") {
    return ExprPrinter(
        {[this](int input) { return pointer(input); }, index_name, accumulator, false, next_local_},
        vector_axis);
  }
  std::string text(const Dim& d) { return printer(-1).print(d); }

  void open(const std::string& head) {
    writer_.line(head + " {");
    writer_.indent();
  }
  void close(const std::string& tail = "}") {
    writer_.outdent();
    writer_.line(tail);
  }
  void open_loop(int axis, const Dim& extent) {
    open(fmt::format("for (int64_t {0} = 0; {0} < {1}; ++{0})", index_name(axis), text(extent)));
  }
  void statements(ExprPrinter& from) {
    for (const std::string& s : from.take_statements()) writer_.line(s);
    next_local_ = from.next_local();
  }

  void open_rows() {
    if (first_ == 1) return open("for (int64_t i0 = begin; i0 < end; ++i0)");
    open("for (int64_t unit = begin; unit < end; ++unit)");
    Dim inside = 1;
    for (int a = first_ - 1; a >= 0; --a) {
      std::string index = "unit";
      if (!inside.is(1)) index += fmt::format(" / ({})", text(inside));
      if (a > 0) index += fmt::format(" % ({})", text(nest_.outer[a]));
      writer_.line(fmt::format("[[maybe_unused]] const int64_t {} = {};", index_name(a), index));
      inside = inside * nest_.outer[a];
    }
  }

  bool vectorizes(size_t k, int axis) const {
    const LoopNest& part = nest(k);
    return axis >= first_ && part.body.type() == DType::kFloat && is_long(part.extents[axis]) &&
           is_vectorizable(part.body, axis);
  }
  bool stores_in_vectors(size_t k) const {
    const LoopNest& part = nest(k);
    const int v = last_loop(k);
    return part.reduction == Reduction::kNone && vectorizes(k, v) &&
           part.result.coefficient_of_index(v) == Dim(1);
  }

  // The next part reduces this one's row in the loop that computes it.
  bool runs_with_next(size_t k) const {
    const LoopNest &row = nest(k), &next = nest(k + 1);
    if (next.reduction == Reduction::kNone || next.reduction >= Reduction::kArgMaxFirst ||
        next.outputs != first_ || last_loop(k) != first_ || last_loop(k + 1) != first_ ||
        row.extents[first_] != next.extents[first_] || !stores_in_vectors(k) ||
        !vectorizes(k + 1, first_))
      return false;
    bool reads = false, same = true;
    visit(next.body, [&](const Expr& x) {
      if (x.kind != Expr::Kind::kLoad || x.input != kFirstPart + static_cast<int>(k)) return;
      reads = true;
      same &= x.index[0] == row.result;
    });
    return reads && same;
  }

  std::string place(size_t k) {
    return fmt::format("{} + {}", pointer(kFirstPart + static_cast<int>(k)), text(nest(k).result));
  }

  void declare_row(size_t k) {
    if (is_kept(k)) return;
    const Dim size = product(row_shape(rows_, rows_.parts[k]));
    writer_.line(fmt::format("{} {}[{}];", element_type(type_of(k)), names_[k], size.value()));
  }

  void print_elements(size_t k) {
    const LoopNest& part = nest(k);
    const std::string type(element_type(type_of(k)));
    if (is_scalar(k)) {
      ExprPrinter p = printer(-1);
      const std::string value = p.print(part.body, false);
      statements(p);
      return writer_.line(fmt::format("const {} {} = {};", type, names_[k], value));
    }
    declare_row(k);
    const bool vectors = stores_in_vectors(k);
    const int loops = vectors ? last_loop(k) : part.outputs;
    for (int a = first_; a < loops; ++a) open_loop(a, part.extents[a]);
    if (vectors)
      open(fmt::format("for_lanes<kWidth>({}, [&](auto lanes, int64_t {})",
                       text(part.extents[loops]), index_name(loops)));
    ExprPrinter p = printer(vectors ? loops : -1);
    const std::string value = p.print(part.body, vectors);
    statements(p);
    if (vectors) {
      writer_.line(fmt::format("lanes.store({}, {});", place(k), value));
      close("});");
    } else {
      writer_.line(fmt::format("{}[{}] = {};", pointer(kFirstPart + static_cast<int>(k)),
                               text(part.result), value));
    }
    for (int a = first_; a < loops; ++a) close();
  }

  // Part k; with `row` not negative, that part's row is computed and stored in the same loop.
  void print_reduction(size_t k, int row) {
    const LoopNest& part = nest(k);
    const std::string sum = part.finish || is_kept(k) ? "sum" + std::to_string(k) : names_[k];
    const std::string type(element_type(part.body.type()));
    const int v = last_loop(k);
    const std::string start = first_value(part.reduction, part.body.type());
    const bool vectors = vectorizes(k, v), single = v == part.outputs;
    if (!vectors || !single) writer_.line(fmt::format("{} {} = {};", type, sum, start));
    const int loops = vectors ? v : v + 1;
    for (int a = part.outputs; a < loops; ++a) open_loop(a, part.extents[a]);
    if (vectors) {
      open(fmt::format(
          "const float {} = reduce_lanes<kWidth>({}, {}, [](auto a, auto b) {{ return {}; }}, "
          "[&](auto lanes, int64_t {})",
          single ? sum : "inner", text(part.extents[v]), start,
          combined(part.reduction, DType::kFloat, "a", "b"), index_name(v)));
      ExprPrinter p = printer(v);
      const std::string value = p.print(with_row(p, part.body, row), true);
      statements(p);
      writer_.line("return " + value + ";");
      close("});");
      if (!single)
        writer_.line(
            fmt::format("{} = {};", sum, combined(part.reduction, DType::kFloat, sum, "inner")));
    } else {
      ExprPrinter p = printer(-1);
      const std::string value = p.print(part.body, false);
      statements(p);
      writer_.line(
          fmt::format("{} = {};", sum, combined(part.reduction, part.body.type(), sum, value)));
    }
    for (int a = part.outputs; a < loops; ++a) close();
    print_finish(k, sum);
  }

  E with_row(ExprPrinter& p, const E& body, int row) {
    if (row < 0) return body;
    const auto k = static_cast<size_t>(row);
    p.define(nest(k).body, "element");
    statements(p);
    writer_.line(fmt::format("lanes.store({}, element);", place(k)));
    return rewrite(body, [&](const Expr& x) -> std::optional<E> {
      if (x.kind != Expr::Kind::kLoad || x.input != kFirstPart + row) return std::nullopt;
      return nest(k).body;
    });
  }

  void print_finish(size_t k, const std::string& sum) {
    const LoopNest& part = nest(k);
    std::string value = sum;
    if (part.finish) {
      ExprPrinter p = printer(-1, sum);
      value = p.print(part.finish, false);
      statements(p);
    }
    if (is_kept(k)) {
      writer_.line(fmt::format("{}[{}] = {};", pointer(kFirstPart + static_cast<int>(k)),
                               text(part.result), value));
    } else if (part.finish) {
      writer_.line(fmt::format("const {} {} = {};", element_type(type_of(k)), names_[k], value));
    }
  }

  const Rows& rows_;
  const RowNest& nest_;
  const int first_;  // number of the first loop inside a row
  std::vector<std::string> names_;
  SourceWriter writer_;
  int next_local_ = 0;
};

}  // namespace

PrintedFunction print_rows(const Rows& rows, const Node& node) {
  const RowNest nest = make_row_nest(rows, node.inputs);
  PrintedFunction f;
  f.body = RowsPrinter(rows, nest).print();
  f.symbols = mentioned(symbols_of(nest.parts), f.body);
  for (size_t i = 0; i < node.inputs.size(); ++i)
    f.parameters += fmt::format("const {}* x{}, ", element_type(node.inputs[i]->type), i);
  for (size_t i = 0; i < node.outputs.size(); ++i)
    f.parameters += fmt::format("{}{}* y{}", i ? ", " : "", element_type(node.outputs[i]->type), i);
  for (const std::string& s : f.symbols) f.parameters += ", int64_t " + s;
  f.parameters += ", int64_t begin, int64_t end";
  const Shape& space = rows.parts[0].map.space;
  f.units = product(Shape(space.begin(), space.begin() + rows.outer));
  return f;
}

}  // namespace onnxc
