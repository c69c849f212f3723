// Printing of loop nests: chooses the loop that runs in vectors and prints the rest around it.
#include "codegen/cpp/map_printer.h"

#include "codegen/cpp/element_type.h"
#include "codegen/cpp/expr_printer.h"
#include "codegen/cpp/nest_text.h"
#include "codegen/source_writer.h"
#include "compiler/ir/loop_nest.h"
#include "compiler/ir/vectorizable.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr int64_t kSumBlock = 512;

class NestPrinter {
 public:
  NestPrinter(const LoopNest& nest, DType result, Sharing sharing) : nest_(nest), result_(result) {
    choose_vector_loop();
    if (sharing == Sharing::kThreads) choose_shared_loop();
  }

  Dim units() const {
    if (shared_loop_ < 0) return 1;
    const Dim& extent = nest_.extents[shared_loop_];
    return in_chunks() ? ceil_div(extent, kChunk) : extent;
  }

  std::string print() {
    const int loops = vector_result_ ? nest_.outputs - 1 : nest_.outputs;
    for (int a = 0; a < loops; ++a) open_loop(a);
    if (vector_result_) {
      open_vector_loop();
      const int v = nest_.outputs - 1;
      print_element(v);
      writer_.outdent();
      writer_.line("});");
    } else {
      print_element(-1);
    }
    for (int a = 0; a < loops; ++a) close_loop();
    return writer_.take();
  }

 private:
  static constexpr int64_t kChunk = 1024, kManyUnits = 32;

  static std::string index_name(int axis) { return "i" + std::to_string(axis); }
  static ExprPrinter::Names names(bool vector_accumulator = false) {
    return {[](int input) { return "x" + std::to_string(input); }, index_name, "sum",
            vector_accumulator};
  }

  // The innermost result loop if all of it goes in vectors, else the innermost reduced loop for
  // plain reductions.
  void choose_vector_loop() {
    if (nest_.reduction >= Reduction::kArgMaxFirst) return;
    const int v = nest_.outputs - 1;
    if (v >= 0 && result_ == DType::kFloat && is_long(nest_.extents[v]) &&
        nest_.result.coefficient_of_index(v) == Dim(1) && nest_.body.type() == DType::kFloat &&
        is_vectorizable(nest_.body, v) && (!nest_.finish || is_vectorizable(nest_.finish, v))) {
      if (nest_.reduction == Reduction::kNone || !prefers_reduced_loop(v)) {
        vector_result_ = true;
        return;
      }
    }
    const int r = static_cast<int>(nest_.extents.size()) - 1;
    if (r >= nest_.outputs && is_long(nest_.extents[r]) && nest_.body.type() == DType::kFloat &&
        is_vectorizable(nest_.body, r))
      vector_reduced_ = true;
  }

  // Loads walk with large steps along the result loop but contiguously along the innermost reduced
  // one.
  bool prefers_reduced_loop(int v) const {
    const int r = static_cast<int>(nest_.extents.size()) - 1;
    if (r < nest_.outputs || !is_long(nest_.extents[r]) || !is_vectorizable(nest_.body, r))
      return false;
    bool strided = false;
    visit(nest_.body, [&](const Expr& x) {
      if (x.kind != Expr::Kind::kLoad) return;
      const auto c = x.index[0].coefficient_of_index(v);
      strided |= c && !c->is(0) && !c->is(1);
    });
    return strided;
  }

  // The loop whose range a shared function takes: the first one that is long enough for many
  // threads, else the longest.
  void choose_shared_loop() {
    int64_t longest = 0;
    for (int a = 0; a < nest_.outputs; ++a) {
      const bool chunks = vector_result_ && a == nest_.outputs - 1;
      const int64_t extent = nest_.extents[a].range().max / (chunks ? kChunk : 1);
      if (extent <= longest) continue;
      longest = extent;
      shared_loop_ = a;
      if (extent >= kManyUnits) return;
    }
  }

  // The loop in vectors is shared in chunks of elements, so that the same ones fill each vector.
  bool in_chunks() const { return vector_result_ && shared_loop_ == nest_.outputs - 1; }

  void open_vector_loop() {
    const int v = nest_.outputs - 1;
    const std::string extent = scalar_.print(nest_.extents[v]);
    if (!in_chunks()) {
      writer_.line(fmt::format("for_lanes<kWidth>({}, [&](auto lanes, int64_t {}) {{", extent,
                               index_name(v)));
      writer_.indent();
      return;
    }
    writer_.line(fmt::format("const int64_t first = begin * {}, last = end * {};", kChunk, kChunk));
    writer_.line(fmt::format(
        "for_lanes<kWidth>((last < {0} ? last : {0}) - first, [&](auto lanes, int64_t i) {{",
        nest_.extents[v].is_constant() ? extent : "(" + extent + ")"));
    writer_.indent();
    writer_.line(fmt::format("const int64_t {} = first + i;", index_name(v)));
  }

  void open_loop(int axis) {
    if (axis == shared_loop_) {
      writer_.line(fmt::format("for (int64_t {0} = begin; {0} < end; ++{0}) {{", index_name(axis)));
      writer_.indent();
      return;
    }
    writer_.line(fmt::format("for (int64_t {0} = 0; {0} < {1}; ++{0}) {{", index_name(axis),
                             scalar_.print(nest_.extents[axis])));
    writer_.indent();
  }
  void close_loop() {
    writer_.outdent();
    writer_.line("}");
  }

  void statements(ExprPrinter& printer) {
    for (const std::string& s : printer.take_statements()) writer_.line(s);
  }

  void print_element(int vector_axis) {
    if (nest_.reduction == Reduction::kNone) {
      ExprPrinter printer(names(), vector_axis);
      const std::string value = printer.print(nest_.body, vector_axis >= 0);
      statements(printer);
      return store(value, vector_axis);
    }
    if (nest_.reduction >= Reduction::kArgMaxFirst) {
      print_arg_reduction();
    } else if (vector_reduced_) {
      print_vector_reduction();
    } else {
      print_plain_reduction(vector_axis);
    }
    if (!nest_.finish) return store("sum", vector_axis);
    ExprPrinter printer(names(vector_axis >= 0), vector_axis);
    const std::string value = printer.print(nest_.finish, vector_axis >= 0);
    statements(printer);
    store(value, vector_axis);
  }

  void store(const std::string& value, int vector_axis) {
    const std::string at = scalar_.print(nest_.result);
    if (vector_axis >= 0) {
      writer_.line(fmt::format("lanes.store(y + {}, {});", at, value));
    } else {
      writer_.line(nest_.result.is(0) ? fmt::format("*y = {};", value)
                                      : fmt::format("y[{}] = {};", at, value));
    }
  }

  void print_plain_reduction(int vector_axis) {
    const DType type = nest_.body.type();
    const std::string start = first_value(nest_.reduction, type);
    writer_.line(vector_axis >= 0 ? fmt::format("auto sum = lanes.broadcast({});", start)
                                  : fmt::format("{} sum = {};", element_type(type), start));
    const int last = static_cast<int>(nest_.extents.size()) - 1;
    const bool blocks = is_long_sum();
    for (int a = nest_.outputs; a < last; ++a) open_loop(a);
    if (blocks) open_block(start, vector_axis);
    const bool innermost = !blocks && last >= nest_.outputs;  // none where one element is reduced
    if (innermost) open_loop(last);
    ExprPrinter printer(names(), vector_axis);
    const std::string value = printer.print(nest_.body, vector_axis >= 0);
    const auto named = printer.take_statements();
    // The finish names its own values; without a loop they would share this scope.
    const bool alone = !blocks && !innermost && !named.empty();
    if (alone) writer_.line("{");
    if (alone) writer_.indent();
    for (const std::string& s : named) writer_.line(s);
    const char* total = blocks ? "part" : "sum";
    writer_.line(fmt::format("{} = {};", total, combined(nest_.reduction, type, total, value)));
    if (blocks || innermost || alone) close_loop();
    if (blocks) {
      writer_.line(fmt::format("sum = {};", combined(nest_.reduction, type, "sum", "part")));
      close_loop();
    }
    for (int a = nest_.outputs; a < last; ++a) close_loop();
  }

  // Long float sums are added in blocks, so that their rounding errors stay small.
  bool is_long_sum() const {
    if (nest_.reduction != Reduction::kSum || nest_.body.type() != DType::kFloat) return false;
    Dim terms(1);
    for (size_t a = nest_.outputs; a < nest_.extents.size(); ++a) terms = terms * nest_.extents[a];
    return terms.range().max > 2 * kSumBlock;
  }

  void open_block(const std::string& start, int vector_axis) {
    const int last = static_cast<int>(nest_.extents.size()) - 1;
    const std::string i = index_name(last), extent = scalar_.print(nest_.extents[last]);
    writer_.line(fmt::format("for (int64_t {0} = 0; {0} < {1};) {{", i, extent));
    writer_.indent();
    writer_.line(vector_axis >= 0 ? fmt::format("auto part = lanes.broadcast({});", start)
                                  : fmt::format("float part = {};", start));
    writer_.line(fmt::format("const int64_t end = {2} - {0} < {1} ? {2} : {0} + {1};", i, kSumBlock,
                             extent));
    writer_.line(fmt::format("for (; {0} < end; ++{0}) {{", i));
    writer_.indent();
  }

  void print_vector_reduction() {
    const int r = static_cast<int>(nest_.extents.size()) - 1;
    const std::string start = first_value(nest_.reduction, DType::kFloat);
    const bool single = r == nest_.outputs;
    if (!single) writer_.line(fmt::format("float sum = {};", start));
    for (int a = nest_.outputs; a < r; ++a) open_loop(a);
    writer_.line(fmt::format(
        "{} = reduce_lanes<kWidth>({}, {}, [](auto a, auto b) {{ return {}; }}, [&](auto lanes, "
        "int64_t {}) {{",
        single ? "const float sum" : "const float part", scalar_.print(nest_.extents[r]), start,
        combined(nest_.reduction, DType::kFloat, "a", "b"), index_name(r)));
    writer_.indent();
    ExprPrinter printer(names(), r);
    const std::string value = printer.print(nest_.body, true);
    statements(printer);
    writer_.line("return " + value + ";");
    writer_.outdent();
    writer_.line("});");
    if (!single)
      writer_.line(
          fmt::format("sum = {};", combined(nest_.reduction, DType::kFloat, "sum", "part")));
    for (int a = nest_.outputs; a < r; ++a) close_loop();
  }

  // The position of the first or last extreme element along the one reduced loop.
  void print_arg_reduction() {
    const DType type = nest_.body.type();
    const bool largest =
        nest_.reduction == Reduction::kArgMaxFirst || nest_.reduction == Reduction::kArgMaxLast;
    const bool last =
        nest_.reduction == Reduction::kArgMaxLast || nest_.reduction == Reduction::kArgMinLast;
    writer_.line("int64_t sum = 0;");
    writer_.line(
        fmt::format("{} best = {};", element_type(type), first_value(nest_.reduction, type)));
    const int a = nest_.outputs;
    open_loop(a);
    ExprPrinter printer(names(), -1);
    const std::string value = printer.print(nest_.body, false);
    statements(printer);
    writer_.line(fmt::format("const {} value = {};", element_type(type), value));
    writer_.line(fmt::format("if (value {}{} best{}) {{", largest ? ">" : "<", last ? "=" : "",
                             is_float(type) ? " || (value != value && best == best)" : ""));
    writer_.indent();
    writer_.line("best = value;");
    writer_.line(fmt::format("sum = {};", index_name(a)));
    close_loop();
    close_loop();
  }

  const LoopNest& nest_;
  DType result_;
  SourceWriter writer_;
  ExprPrinter scalar_{names(), -1};
  bool vector_result_ = false, vector_reduced_ = false;
  int shared_loop_ = -1;
};

}  // namespace

PrintedFunction print_map(const Map& map, const std::vector<Value*>& inputs, DType result,
                          Sharing sharing) {
  const LoopNest nest = make_loop_nest(map, inputs);
  PrintedFunction f;
  NestPrinter printer(nest, result, sharing);
  f.units = printer.units();
  f.body = printer.print();
  f.symbols = mentioned(symbols_of({nest}), f.body);
  for (size_t i = 0; i < inputs.size(); ++i)
    f.parameters += fmt::format("const {}* x{}, ", element_type(inputs[i]->type), i);
  f.parameters += fmt::format("{}* y", element_type(result));
  for (const std::string& s : f.symbols) f.parameters += ", int64_t " + s;
  if (!f.units.is(1)) f.parameters += ", int64_t begin, int64_t end";
  return f;
}

}  // namespace onnxc
