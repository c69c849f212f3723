// Recorded inputs and outputs: the .pb files of ONNX's test_data_set folders.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/onnx_graph.h"
#include "compiler/ir/tensor.h"

namespace onnxc {

// A value of any ONNX type.
struct TestValue {
  enum class Kind { kTensor, kSequence, kOptional, kMap };
  Kind kind = Kind::kTensor;
  std::string name;  // as recorded; may be empty
  Tensor tensor;     // the tensor; of a map: its keys, one dimension
  std::vector<TestValue>
      elements;  // of a sequence; of an optional: none or one; of a map: the value of each key
};

// Reads a .pb file holding a value of `type` (a file does not say which message it is; a tensor
// where the kind is unknown). Tensors may have another element type or shape than `type`: that is
// for the caller to judge. Throws CompileError starting with `path`.
TestValue read_test_value(const std::string& path, const OnnxType& type);

// One recorded run. Paths stand at their input's or output's position; where nothing was recorded
// they are empty.
struct TestDataSet {
  std::string folder;
  std::vector<std::string> inputs, outputs;
};

// The folders test_data_set_K of `folder` in numeric order, each with its input_N.pb and
// output_N.pb.
std::vector<TestDataSet> find_test_data(const std::string& folder);

}  // namespace onnxc
