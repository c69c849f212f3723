// A random graph under construction, node by node; every value is computed at once.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/fuzz/case.h"

namespace onnxc::fuzz {

using Dims = std::vector<int64_t>;
using Attributes = std::map<std::string, OnnxAttributeValue>;

int64_t element_count(const Dims& dims);

// A value of the graph with what it is for the graph's inputs.
struct Operand {
  std::string name;
  Tensor value;

  DType type() const { return value.type(); }
  const Dims& dims() const { return value.dims(); }
  int rank() const { return static_cast<int>(dims().size()); }
  double low() const;  // smallest element; 0 without elements
  double high() const;
  bool has_nan() const;  // ONNX does not say where NaN stands among numbers
};

class Builder {
 public:
  explicit Builder(uint64_t seed);

  Random& random() { return random_; }
  DType float_type() const { return float_type_; }  // of most floating-point values of this graph
  DType integer_type() const { return integer_type_; }

  // Shapes: mostly small, with sizes of 0 and 1, around the vector widths, and some large ones.
  int64_t size();
  Dims shape(int low_rank, int high_rank);
  Fill fill(DType type);
  Fill fill(double low, double high, double step = 0);

  // A graph input or a constant.
  Operand fresh(DType type, const Dims& dims, const Fill& fill);
  Operand fresh(DType type, const Dims& dims) { return fresh(type, dims, fill(type)); }
  Operand constant(const Tensor& tensor);
  Operand constant(const Dims& integers);  // int64, of rank 1
  // A value that exists, more likely a recent one.
  std::optional<Operand> existing(const std::function<bool(const Operand&)>& wanted);
  // An existing value of one of the types, or a fresh one.
  Operand some(const std::vector<DType>& types, int low_rank = 0, int high_rank = 4);
  Operand some_float(int low_rank = 0, int high_rank = 4) {
    return some({float_type_}, low_rank, high_rank);
  }
  // An existing value of that type and shape, or a fresh one.
  Operand like(DType type, const Dims& dims);
  // A shape that broadcasts with `dims`, not to more than that.
  Dims broadcastable(const Dims& dims);

  // Adds a node. False, and nothing is added, where its result is too large, or grows out of
  // bounds. A model that does not lower or evaluate throws CompileError.
  bool add(const std::string& op_type, const std::vector<Operand>& inputs,
           const Attributes& attributes = {}, int outputs = 1, const std::string& domain = "");
  // The results of the last node.
  const std::vector<Operand>& results() const { return results_; }

  // The graph with everything unread, and a few other values, as outputs; some equal sizes of the
  // inputs become a symbol where the model allows that.
  Case finish(const std::string& name);

 private:
  std::string fresh_name(const std::string& stem);
  OnnxModel empty_model() const;
  // Operands of a node that stands in `model` alone, with what computes their shapes.
  void supply(const Operand& x, OnnxModel& model, std::vector<Tensor>& contents) const;
  bool acceptable(const std::vector<Tensor>& results) const;
  void make_symbolic(Case& c);

  Random random_;
  DType float_type_, integer_type_;
  bool special_, symbolic_;
  int next_ = 0;
  Case case_;
  std::vector<Operand> values_;  // inputs and results
  std::map<std::string, Tensor> constants_;
  std::map<std::string, std::pair<OnnxNode, Operand>> shapes_;  // nodes that give a shape
  std::map<std::string, int> uses_;
  std::vector<Operand> results_;
};

// One way to extend a graph; false where nothing fitting was found.
struct Maker {
  const char* name;
  double weight;
  bool (*make)(Builder&);
};

const std::vector<Maker>& elementwise_makers();
const std::vector<Maker>& rearranging_makers();
const std::vector<Maker>& reducing_makers();
const std::vector<Maker>& contraction_makers();
const std::vector<Maker>& image_makers();
const std::vector<Maker>& integer_makers();
const std::vector<Maker>& recurrent_makers();

// The random graph of that number.
Case random_case(uint64_t seed);

}  // namespace onnxc::fuzz
