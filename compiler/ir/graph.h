// The program between frontend and plan: values connected by core steps, kept consistent by a few
// verbs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "compiler/ir/dim.h"
#include "compiler/ir/dtype.h"
#include "compiler/ir/expr.h"
#include "compiler/ir/tensor.h"

namespace onnxc {

struct Node;

// How a value lies in memory. Plain is row-major over `shape`. A channel-blocked one was [N, C,
// spatial...] and lies as [N, ceil(C / 16), spatial..., 16]; its `shape` is then that physical
// shape and the padded channels hold zero.
struct Layout {
  static constexpr int64_t kBlock = 16;
  bool blocked = false;
  Dim channels;  // C, when blocked
  friend bool operator==(const Layout&, const Layout&) = default;
};

struct Value {
  int id = 0;
  std::string name;  // from the model where it has one; unique in the graph
  DType type = DType::kUndefined;
  Shape shape;
  Layout layout;
  std::shared_ptr<const Tensor> constant;       // contents known at compile time
  mutable std::shared_ptr<const Tensor> known;  // memo of folded(), compiler/eval/fold.h
  Node* producer = nullptr;                     // null for inputs and constants
  std::vector<Node*> users;                     // one entry a use
  bool is_constant() const { return constant != nullptr; }
};

enum class Reduction {
  kNone,
  kSum,
  kProduct,
  kMax,
  kMin,
  kArgMaxFirst,
  kArgMaxLast,
  kArgMinFirst,
  kArgMinLast
};
std::string_view name(Reduction r);

// For every point of `space` (loop indices 0..rank-1), the value is `body`, reduced over `reduced`
// (loop indices rank, rank+1, ...), then passed through `finish`. The order of a reduction is
// unspecified. Sums accumulate in the body's type; an arg reduction gives the int64 position in the
// one reduced axis.
struct Map {
  Shape space;
  Shape reduced;
  Reduction reduction = Reduction::kNone;
  E body;
  E finish;  // in terms of the accumulator and loop indices 0..rank-1; null: the accumulator itself
};

// The same elements in row-major order under other dimensions: no work.
struct Reshape {};

// Inputs side by side along one axis.
struct Concat {
  int axis = 0;
};

// ONNX convolution of inputs x [N, C, spatial...] and w [O, C/groups, kernel...]; further inputs
// are read by `finish`. y[n, o, p] = sum over c, k of x[n, g(o) + c, p*stride + k*dilation - pad] *
// w[o, c, k], zero outside.
struct Conv {
  std::vector<int64_t> strides, dilations, pads_begin, pads_end;
  int64_t groups = 1;
  E finish;  // null: the accumulator itself
  // Empty: plain layouts. Otherwise the kernel's name; the output, w and, but for conv2d_first, x
  // lie as it wants them, and `kernel` and `in_channels` keep what the packed shapes no longer say.
  std::string method = {};
  std::vector<int64_t> kernel = {};
  int64_t in_channels = 0;
  // Of conv2d_amx, whose x lies as split_image writes it: the bfloat16 parts of each float, and the
  // image they stand for.
  struct SplitImage {
    int parts = 0;
    int64_t height = 1, width = 1;
    int64_t top = 0, bottom = 0, beside = 0;  // zeros around it
    int64_t pixels() const;                   // with the zeros and room for the last tile
  };
  SplitImage split = {};
};

// A batched matrix product with everything decided: C[o, i, m, n] = finish(sum over k of A[o, i, m,
// k] * B[o, i, k, n]). Inputs are A, B, and what `finish` loads.
struct MatMul {
  // Distances in elements along outer batch, inner batch, row and column, and where the operand
  // starts.
  struct Strides {
    Dim offset, outer, inner, row, column;
  };
  // The kernel: "matmul_packed" (B in panels [N/16][K][16]), "matmul_amx" (A and B in bfloat16
  // parts) or "matmul" (any strides).
  std::string method;
  Dim outer, inner, m, n, k;
  Strides a, b, c;  // b is unused by matmul_packed, a and b by matmul_amx
  E finish;  // null: the accumulator; loads carry one flat index over loops 0..3 = o, i, m, n
  Dim scratch_bytes = 0;  // of each thread; of all together for matmul_amx
  int parts = 0;          // of each float, for matmul_amx
};

// softmax(q * k) * v, never whole in between: `scores` is the product of inputs 0 and 1 with its
// finish, whose softmax along the columns times input 2 is `values`, with its own finish. Loads of
// both count the node's inputs. The batches and rows of both products are the same.
struct Attention {
  MatMul scores, values;
  Dim scratch_bytes = 0;
};

// Maps that run row by row in one loop over the first `outer` axes, which all of them share. A load
// with input number kFirstPart + j reads part j, an earlier one, in the row that is being computed:
// its first `outer` indices are the shared loops'.
struct Rows {
  struct Part {
    Map map;
    // The node's output whose row keeps it; the last part of a home is that output. None: a scalar
    // a row, or a row of at most kLargestRow elements, on the stack.
    int home = kNoHome;
  };
  static constexpr int kNoHome = -1;
  static constexpr int64_t kLargestRow = 1024;

  int outer = 0;
  std::vector<Part> parts;
};

// A call of a kernel of templates/ that is no index expression (top_k, scatter, recurrent cells,
// ...).
struct KernelCall {
  // One argument of the call, in order.
  struct Input {
    int number;
  };
  struct Output {
    int number;
  };
  struct Scratch {};  // pointer to `scratch_bytes` bytes of workspace
  struct Threads {};  // the object that splits the work, templates/common/threads.h
  struct Code {
    std::string text;
  };  // a C++ expression on names of templates/, e.g. `Largest{}`
  using Argument =
      std::variant<Input, Output, Scratch, Threads, Code, Dim, double, std::vector<Dim>>;

  std::string kernel;  // function of that name in templates/cpu/<header>.h
  std::string header;
  std::vector<DType> types;  // template arguments
  std::vector<Argument> arguments;
  Dim scratch_bytes;
  SymbolRef
      result;  // the call returns this symbol's value (sizes that depend on data); may be null
};

class Graph;

// Runs one of two bodies. Inputs are the condition (one bool), then what the bodies read: input
// i + 1 is input i of both. Output k is output k of the body that ran; where the bodies' shapes
// differ it has a size of `sizes`, which becomes Graph::sizes of that body.
struct If {
  std::shared_ptr<Graph> then_body, else_body;  // of this step alone
  std::vector<SymbolRef> sizes;
};

// Runs its body up to `trips` times. Inputs are the condition to begin (one bool, if
// `tests_entry`), the first values of `carried` values, then what the body reads besides. The
// body's inputs are the carried values and those. Its outputs are the condition to go on (if
// `tests_next`), the next carried values, and values of which each iteration gives one. The step's
// outputs are the last carried values, then those values stacked along a new first axis.
struct Loop {
  std::shared_ptr<Graph> body;  // of this step alone
  size_t carried = 0;
  Dim trips;
  // In the body how many iterations have ended, after the step how many there were.
  SymbolRef iteration;
  bool tests_entry = false, tests_next = false;
  std::vector<SymbolRef> sizes;  // of carried values that may change, as `iteration` does
  std::vector<Dim> first_sizes;  // their values at the start; Graph::sizes of the body is the next
};

struct Node {
  using Op =
      std::variant<Map, Reshape, Concat, Conv, MatMul, Rows, Attention, KernelCall, If, Loop>;
  Op op;
  std::vector<Value*> inputs, outputs;
  std::vector<std::string>
      origins;  // the ONNX nodes it stands for, e.g. `Conv "conv1"`; the first produced the value

  template <class T>
  T* as() {
    return std::get_if<T>(&op);
  }
  template <class T>
  const T* as() const {
    return std::get_if<T>(&op);
  }
  Value* output() const { return outputs[0]; }
};

class Graph {
 public:
  Graph() = default;
  Graph(Graph&&) = default;
  Graph& operator=(Graph&&) = default;

  std::string name;
  std::vector<Value*> inputs, outputs;
  std::vector<std::string> output_names;  // of the model; an output may be an input, a constant or
                                          // another output's value
  std::map<std::string, SymbolRef> symbols;  // by name
  // What must not be negative for the steps to mean anything, of the inputs' sizes alone: the
  // generated function and the evaluator refuse inputs otherwise.
  std::vector<Dim> nonnegative;
  std::vector<Dim> sizes;  // of a body: values of the sizes that its step defines, when it ends

  // Nodes in an order in which every value is defined before it is used.
  const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }
  const std::vector<std::unique_ptr<Value>>& values() const { return values_; }

  Value* add_input(std::string name, DType type, Shape shape);
  Value* add_constant(std::string name, Tensor tensor);
  Value* add_constant(std::string name, std::shared_ptr<const Tensor> tensor);
  // Appends (or inserts before `before`) a node with one new value per output.
  struct Result {
    std::string name;
    DType type;
    Shape shape;
  };
  Node* add_node(Node::Op op, std::vector<Value*> inputs, std::vector<Result> outputs,
                 std::vector<std::string> origins, const Node* before = nullptr);
  Value* add_map(Map map, std::vector<Value*> inputs, std::string name,
                 std::vector<std::string> origins, const Node* before = nullptr);

  // Gives `to` the name of `from`, which takes a fresh one: for a value that stands for another
  // from now on.
  void take_name(Value* to, Value* from);
  void replace_uses(Value* from, Value* to);  // in nodes and graph outputs
  void set_inputs(Node* node, std::vector<Value*> inputs);
  void erase(Node* node);                         // its outputs must be unused
  void remove_input(size_t number);               // must be unused
  void remove_output(Node* node, size_t number);  // must be unused
  // Moves nodes that stand before a node they read from behind it, and no others.
  void restore_order();
  bool is_output(const Value* value) const;
  // Drops nodes and constants that neither an output nor a size needs, and what bodies do not use
  // of their inputs; says whether anything went.
  bool remove_dead();
  // Removes loads' inputs that a map or conv no longer reads, merges repeated ones, and renumbers.
  void compact_inputs(Node* node);
  SymbolRef add_symbol(Symbol symbol);  // CompileError if the name is taken with other bounds
  std::string fresh_name(const std::string& stem);  // unused among values

 private:
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<Value>> values_;
  std::map<std::string, int> names_;
  int next_id_ = 0;
};

// The graphs that the node holds; none for most.
std::vector<Graph*> bodies_of(const Node& node);
// Which input of the node is input 0 of its bodies.
size_t first_body_input(const Node& node);
// Names of the sizes that the node finds out when it runs, and of all that it mentions.
std::vector<SymbolRef> symbols_defined_by(const Node& node);
void visit_symbols(const Node& node, const std::function<void(const SymbolRef&)>& visitor);

// Type of a map's result.
DType result_type(const Map& map);
// The index expression that gives a convolution's meaning (plain layouts), with the node's finish.
Map meaning_of(const Conv& conv, const Shape& x, const Shape& w, DType type, const Shape& out);
Shape conv_output_shape(const Conv& conv, const Shape& x, const Shape& w);
// The axes of the part's result after the shared ones.
Shape row_shape(const Rows& rows, const Rows::Part& part);
// Loop indices 0.. of `space`, e.g. the identity index of an element-wise load.
std::vector<Dim> identity_index(const Shape& space);

std::string text(const Graph& graph);  // one line a node; stable, used by tests and --dump-ir
// Throws InternalError naming the first broken invariant: types, ranks, order, users, index counts.
void verify(const Graph& graph);

}  // namespace onnxc
