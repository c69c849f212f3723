// A graph under construction and a pass that is run on it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/options.h"

namespace onnxc {

class PassTest : public ::testing::Test {
 protected:
  Value* map(Shape space, E body, std::vector<Value*> inputs, const std::string& name = "m") {
    return graph.add_map({std::move(space), {}, Reduction::kNone, body, E()}, std::move(inputs),
                         name, {name});
  }
  Value* scaled(Value* x, double factor, const std::string& name = "scaled") {
    return map(x->shape, load(0, x->type, identity_index(x->shape)) * factor, {x}, name);
  }
  Value* reshaped(Value* x, Shape shape) {
    return graph.add_node(Reshape{}, {x}, {{"reshaped", x->type, std::move(shape)}}, {})->output();
  }
  void output(Value* v) {
    graph.outputs.push_back(v);
    graph.output_names.push_back("out" + std::to_string(graph.outputs.size()));
  }
  // Runs the pass to its fixed point and says whether it changed anything.
  bool run(bool (*pass)(Graph&, const Options&)) {
    const bool changed = pass(graph, options);
    verify(graph);
    if (changed) {
      for (int round = 0; round < 5 && pass(graph, options); ++round) {
      }
      EXPECT_FALSE(pass(graph, options)) << "no fixed point";
    }
    verify(graph);
    return changed;
  }
  Graph graph;
  Options options;
};

}  // namespace onnxc
