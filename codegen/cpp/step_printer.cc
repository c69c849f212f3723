// Printing of steps: loop nests become functions shared by equal steps, kernels are called
// directly.
#include "codegen/cpp/step_printer.h"

#include <algorithm>

#include "codegen/cpp/contraction_printer.h"
#include "codegen/cpp/element_type.h"
#include "codegen/cpp/expr_printer.h"
#include "codegen/cpp/map_printer.h"
#include "codegen/cpp/run_context.h"
#include "codegen/source_writer.h"
#include "compiler/ir/bounds.h"
#include "compiler/plan/storage.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

std::string origin_text(const Node& node) {
  std::string text;
  for (const std::string& o : node.origins) text += (text.empty() ? "" : " + ") + o;
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\\', '/');
  return text;
}

// "Conv \"conv1\"" -> "conv"; at most three of the node's operators.
std::string function_stem(const Node& node) {
  std::string stem = "step";
  for (size_t i = 0; i < node.origins.size() && i < 3; ++i) {
    const std::string& o = node.origins[i];
    stem += "_" + snake_case(o.substr(0, o.find(' ')));
  }
  return stem;
}

class StepPrinter {
 public:
  StepPrinter(const Program& program, const ValueNames& names, const std::string& after_step)
      : program_(program), names_(names), after_step_(after_step) {
    context_.headers.insert("templates/cpu/lanes.h");
    context_.headers.insert("templates/cpu/math.h");
    context_.headers.insert("templates/common/index.h");
    context_.headers.insert("templates/common/number_limits.h");
    context_.headers.insert("templates/common/run_checks.h");
  }

  PrintedSteps run() {
    find_element_headers(program_.graph, program_.steps);
    for (const Value* input : program_.unpacked) print_unpacking(*input);
    for (size_t k = 0; k < program_.steps.size(); ++k) {
      print(*program_.steps[k]);
      if (!after_step_.empty()) calls_.emit(after_step_, {{"step", std::to_string(k)}});
    }
    for (const OutputCopy& copy : program_.copies) print_copy(copy);
    if (!program_.threads.empty()) context_.headers.insert("templates/common/threads.h");
    return {functions_.take(), calls_.take(), context_.headers};
  }

 private:
  void need(DType type) {
    if (const std::string_view header = element_header(type); !header.empty())
      context_.headers.emplace(header);
    if (is_packed_outside(type)) context_.headers.insert("templates/common/few_bits.h");
  }

  void find_element_headers(const Graph& graph, const std::vector<const Node*>& steps) {
    const auto add = [&](const E& e) {
      if (e) visit(e, [&](const Expr& x) { need(x.type); });
    };
    for (const auto& v : graph.values()) need(v->type);
    for (const Node* node : steps) {
      for (const Graph* body : bodies_of(*node))
        find_element_headers(*body, program_.bodies.at(body).steps);
      if (const Map* m = node->as<Map>()) {
        add(m->body);
        add(m->finish);
      } else if (const Rows* r = node->as<Rows>()) {
        for (const Rows::Part& part : r->parts) {
          add(part.map.body);
          add(part.map.finish);
        }
      } else if (const Conv* c = node->as<Conv>()) {
        add(c->finish);
      } else if (const MatMul* m = node->as<MatMul>()) {
        add(m->finish);
      }
    }
  }

  // Where the bytes of a value of few bits lie; a struct of a pattern is read as the pattern.
  std::string pattern_pointer(const Value& value, const char* qualifier) const {
    const std::string& name = names_(&value);
    if (!is_narrow_float(value.type)) return name;
    return fmt::format("reinterpret_cast<{}uint8_t*>({})", qualifier, name);
  }

  void print_unpacking(const Value& input) {
    ExprPrinter printer({}, -1);
    const size_t number =
        std::find(program_.graph.inputs.begin(), program_.graph.inputs.end(), &input) -
        program_.graph.inputs.begin();
    calls_.line(fmt::format("// {}: {} {}, one element a byte", input.name, name(input.type),
                            text(input.shape)));
    calls_.line(fmt::format("unpack_bits<{}>({}, inputs[{}], {});", file_bits(input.type),
                            pattern_pointer(input, ""), number,
                            printer.print(product(input.shape))));
  }

  void comment(const Node& node) {
    std::string results;
    for (const Value* v : node.outputs) {
      results += fmt::format("{}{} {}", results.empty() ? "" : ", ", name(v->type), text(v->shape));
      if (bodies_of(node).empty()) break;
    }
    const auto sizes = symbols_defined_by(node);
    if (results.empty()) results = sizes.empty() ? "check" : sizes[0]->name;
    calls_.line(fmt::format("// {}: {}", origin_text(node), results));
  }

  void print(const Node& node) {
    comment(node);
    if (const Map* m = node.as<Map>()) {
      print_map_step(node, *m);
    } else if (const Rows* r = node.as<Rows>()) {
      print_rows_step(node, *r);
    } else if (const Conv* c = node.as<Conv>()) {
      if (c->method.empty()) {
        print_map_step(node, meaning_of(*c, node.inputs[0]->shape, node.inputs[1]->shape,
                                        node.inputs[0]->type, node.output()->shape));
      } else {
        print_conv(node, *c, threads_for(node), names_, context_);
        flush();
      }
    } else if (const MatMul* m = node.as<MatMul>()) {
      print_matmul(node, *m, scratch_of(node), threads_for(node), names_, context_);
      flush();
    } else if (const Attention* a = node.as<Attention>()) {
      print_attention(node, *a, scratch_of(node), threads_for(node), names_, context_);
      flush();
    } else if (node.as<Reshape>()) {
      print_bytes_copy(names_(node.output()), names_(node.inputs[0]), byte_size(*node.output()));
    } else if (const Concat* c = node.as<Concat>()) {
      print_concat(node, *c);
    } else if (const KernelCall* k = node.as<KernelCall>()) {
      print_kernel_call(node, *k);
    } else if (const If* choice = node.as<If>()) {
      print_if(node, *choice);
    } else if (const Loop* loop = node.as<Loop>()) {
      print_loop(node, *loop);
    }
  }

  void print_body(const Graph& body, const std::vector<SymbolRef>& sizes) {
    const Block& block = program_.bodies.at(&body);
    for (const Node* step : block.steps) print(*step);
    for (const Copy& copy : block.after) print_copy(copy);
    std::string next;
    for (size_t k = 0; k < sizes.size(); ++k) {
      const std::string name = identifier(sizes[k]->name);
      const std::string value = ExprPrinter({}, -1).print(body.sizes[k]);
      if (value == name) continue;
      if (sizes.size() == 1) {
        calls_.line(fmt::format("{} = {};", name, value));
        return;
      }
      calls_.line(fmt::format("const int64_t next_{} = {};", name, value));
      next += fmt::format("{0} = next_{0};\n", name);
    }
    calls_.emit(next);
  }

  void print_if(const Node& node, const If& choice) {
    for (const SymbolRef& s : choice.sizes)
      calls_.line(fmt::format("int64_t {} = 0;", identifier(s->name)));
    calls_.line(fmt::format("if (*{}) {{", pointer(node.inputs[0])));
    calls_.indent();
    print_body(*choice.then_body, choice.sizes);
    calls_.outdent();
    calls_.line("} else {");
    calls_.indent();
    print_body(*choice.else_body, choice.sizes);
    calls_.outdent();
    calls_.line("}");
  }

  void print_loop(const Node& node, const Loop& loop) {
    for (const Copy& copy : program_.bodies.at(loop.body.get()).before) print_copy(copy);
    ExprPrinter printer({}, -1);
    for (size_t k = 0; k < loop.sizes.size(); ++k)
      calls_.line(fmt::format("int64_t {} = {};", identifier(loop.sizes[k]->name),
                              printer.print(loop.first_sizes[k])));
    const std::string i = identifier(loop.iteration->name);
    const std::string below = fmt::format("{} < {}", i, printer.print(loop.trips));
    const bool conditional = loop.tests_entry || loop.tests_next;
    const std::string running = i + "_goes_on";
    calls_.line(fmt::format("int64_t {} = 0;", i));
    if (conditional)
      calls_.line(fmt::format("bool {} = {};", running,
                              loop.tests_entry ? "*" + pointer(node.inputs[0]) : "true"));
    calls_.line(
        fmt::format("for (; {}{}; ++{}) {{", conditional ? running + " && " : "", below, i));
    calls_.indent();
    if (!loop.iteration->at_most && loop.iteration->max < loop.trips.range().max)
      calls_.line(fmt::format("if ({} == {}) return 7;", i, loop.iteration->max));
    print_body(*loop.body, loop.sizes);
    for (const SymbolRef& s : loop.sizes) {
      if (!s->at_most)
        calls_.line(fmt::format("if ({} > {}) return 7;", identifier(s->name), s->max));
    }
    if (loop.tests_next)
      calls_.line(fmt::format("{} = *{};", running, pointer(loop.body->outputs[0])));
    calls_.outdent();
    calls_.line("}");
  }

  // A value as the operand of a dereference.
  std::string pointer(const Value* value) const {
    const std::string& text = names_(value);
    return text.find(" + ") == std::string::npos ? text : "(" + text + ")";
  }

  void print_copy(const Copy& copy) {
    ExprPrinter printer({}, -1);
    const auto element = static_cast<int64_t>(byte_size(copy.to->type));
    const std::string at =
        copy.offset.is(0) ? "" : " + " + printer.print(floor_div(copy.offset, element));
    print_bytes_copy(names_(copy.to) + at, names_(copy.from), byte_size(*copy.from));
  }

  Dim scratch_of(const Node& node) const {
    const auto it = program_.scratch.find(&node);
    return it == program_.scratch.end() ? Dim(0) : it->second;
  }

  // The object that splits a step's work.
  std::string threads_for(const Node& node) const {
    if (program_.threads.empty()) return "OneThread{}";
    const auto it = program_.threads.find(&node);
    if (it == program_.threads.end()) return "threads.at_most(1)";
    return fmt::format("threads.at_most({})", ExprPrinter({}, -1).print(it->second));
  }

  void flush() {
    if (!context_.functions.empty()) functions_.emit(context_.functions);
    for (const std::string& call : context_.calls) calls_.line(call);
    context_.functions.clear();
    context_.calls.clear();
  }

  void print_map_step(const Node& node, const Map& map) {
    const PrintedFunction f =
        print_map(map, node.inputs, node.output()->type,
                  program_.threads.count(&node) ? Sharing::kThreads : Sharing::kAlone);
    if (f.units.is(1)) {
      calls_.line(fmt::format("{}({});", function_of(node, f), arguments_of(node, f)));
    } else {
      print_shared_call(node, f);
    }
  }

  void print_rows_step(const Node& node, const Rows& rows) {
    const PrintedFunction f = print_rows(rows, node);
    if (program_.threads.count(&node)) return print_shared_call(node, f);
    calls_.line(fmt::format("{}({}, 0, {});", function_of(node, f), arguments_of(node, f),
                            ExprPrinter({}, -1).print(f.units)));
  }

  void print_shared_call(const Node& node, const PrintedFunction& f) {
    calls_.line(fmt::format("{}.split(size_t({}), [&](int64_t begin, int64_t end, size_t) {{",
                            threads_for(node), ExprPrinter({}, -1).print(f.units)));
    calls_.line(fmt::format("  {}({}, begin, end);", function_of(node, f), arguments_of(node, f)));
    calls_.line("});");
  }

  // The name of the function, which is printed if no equal step has been.
  std::string function_of(const Node& node, const PrintedFunction& f) {
    const std::string key = f.parameters + "|" + f.body;
    auto it = functions_by_text_.find(key);
    if (it == functions_by_text_.end()) {
      const std::string name = context_.pool.unique(function_stem(node));
      it = functions_by_text_.emplace(key, name).first;
      functions_.emit(R"(
        // $origin$
        void $name$($parameters$) {
          $body$
        }

      )",
                      {{"origin", origin_text(node)},
                       {"name", name},
                       {"parameters", f.parameters},
                       {"body", f.body}});
      functions_.line();
    }
    return it->second;
  }

  std::string arguments_of(const Node& node, const PrintedFunction& f) const {
    std::string arguments;
    for (const Value* v : node.inputs) arguments += names_(v) + ", ";
    for (const Value* v : node.outputs) arguments += (v == node.output() ? "" : ", ") + names_(v);
    for (const std::string& s : f.symbols) arguments += ", " + s;
    return arguments;
  }

  void print_bytes_copy(const std::string& to, const std::string& from, const Dim& bytes) {
    ExprPrinter printer({}, -1);
    calls_.line(fmt::format("memcpy({}, {}, size_t({}));", to, from, printer.print(bytes)));
  }

  // Rows of each part go between the rows of the others.
  void print_concat(const Node& node, const Concat& concat) {
    ExprPrinter printer({}, -1);
    const Value* out = node.output();
    const Shape outer(out->shape.begin(), out->shape.begin() + concat.axis);
    const Shape inner(out->shape.begin() + concat.axis, out->shape.end());
    const Dim row = product(inner) * static_cast<int64_t>(byte_size(out->type));
    const Placement& target = program_.placements.at(out);
    Dim offset = 0;
    context_.headers.insert("templates/common/copy_rows.h");
    for (const Value* part : node.inputs) {
      const Shape part_inner(part->shape.begin() + concat.axis, part->shape.end());
      const Dim bytes = product(part_inner) * static_cast<int64_t>(byte_size(out->type));
      const Placement& source = program_.placements.at(part);
      const bool in_place = source.where == target.where && source.number == target.number &&
                            source.offset == target.offset + offset;
      if (!in_place) {
        calls_.line(fmt::format("copy_rows({}, {}, {}, {}, {}, {});", names_(out),
                                printer.print(offset), printer.print(row), names_(part),
                                printer.print(bytes), printer.print(product(outer))));
      }
      offset = offset + bytes;
    }
  }

  void print_kernel_call(const Node& node, const KernelCall& k) {
    context_.headers.insert(k.header);
    context_.headers.insert("templates/common/threads.h");
    ExprPrinter printer({}, -1);
    std::string arguments;
    for (const KernelCall::Argument& a : k.arguments)
      arguments += (arguments.empty() ? "" : ", ") + argument_text(node, a, printer);
    std::string types;
    for (DType t : k.types) types += (types.empty() ? "" : ", ") + std::string(element_type(t));
    const std::string call =
        fmt::format("{}{}({})", k.kernel, types.empty() ? "" : "<" + types + ">", arguments);
    if (node.outputs.empty() && !k.result)
      return calls_.line(fmt::format("if (!{}) return 5;", call));
    if (!k.result) return calls_.line(call + ";");
    const std::string result = identifier(k.result->name);
    calls_.line(fmt::format("const int64_t {} = {};", result, call));
    // Sizes that are read may exceed their bounds; steps that give strings may run out of room.
    if (node.outputs.empty() || gives_strings(node))
      calls_.line(fmt::format("if ({} < 0) return 7;", result));
  }

  static bool gives_strings(const Node& node) {
    return std::any_of(node.outputs.begin(), node.outputs.end(),
                       [](const Value* v) { return v->type == DType::kString; });
  }

  std::string argument_text(const Node& node, const KernelCall::Argument& argument,
                            ExprPrinter& printer) {
    if (const auto* in = std::get_if<KernelCall::Input>(&argument))
      return in->number < 0 ? "nullptr" : names_(node.inputs[in->number]);
    if (const auto* out = std::get_if<KernelCall::Output>(&argument))
      return out->number < 0 ? "nullptr" : names_(node.outputs[out->number]);
    if (std::holds_alternative<KernelCall::Scratch>(argument))
      return "ws.scratch(" + printer.print(scratch_of(node)) + ")";
    if (std::holds_alternative<KernelCall::Threads>(argument)) return threads_for(node);
    if (const auto* code = std::get_if<KernelCall::Code>(&argument)) return code->text;
    if (const auto* dim = std::get_if<Dim>(&argument))
      return "int64_t(" + printer.print(*dim) + ")";
    if (const auto* number = std::get_if<double>(&argument))
      return literal(DType::kDouble, *constant(DType::kDouble, *number));
    std::string list;
    for (const Dim& d : std::get<std::vector<Dim>>(argument))
      list += (list.empty() ? "" : ", ") + printer.print(d);
    return list.empty() ? "Dims<0>{}"
                        : fmt::format("Dims<{}>{{{{{}}}}}",
                                      std::get<std::vector<Dim>>(argument).size(), list);
  }

  void print_copy(const OutputCopy& copy) {
    calls_.line(fmt::format("// {}", program_.graph.output_names[copy.output]));
    if (const size_t bits = file_bits(copy.value->type); bits < 8) {
      ExprPrinter printer({}, -1);
      calls_.line(fmt::format("pack_bits<{}>(outputs[{}], {}, {});", bits, copy.output,
                              pattern_pointer(*copy.value, "const "),
                              printer.print(product(copy.value->shape))));
      return;
    }
    print_bytes_copy(fmt::format("outputs[{}]", copy.output), names_(copy.value),
                     byte_size(*copy.value));
  }

  const Program& program_;
  const ValueNames& names_;
  const std::string& after_step_;
  RunContext context_;
  SourceWriter functions_, calls_;
  std::map<std::string, std::string> functions_by_text_;
};

}  // namespace

namespace {

std::vector<const Value*> values_of(const Graph& graph) {
  std::vector<const Value*> values;
  for (const auto& v : graph.values()) values.push_back(v.get());
  for (const auto& node : graph.nodes()) {
    for (const Graph* body : bodies_of(*node)) {
      const auto inner = values_of(*body);
      values.insert(values.end(), inner.begin(), inner.end());
    }
  }
  return values;
}

}  // namespace

ValueNames::ValueNames(const Program& program) {
  NamePool weights, workspace;
  std::map<int64_t, std::string> weights_by_offset;
  const auto found = found_sizes(program.graph);
  for (const WeightEntry& e : program.weights) {
    names_[e.value] = "w." + weights.unique(e.value->name) + "()";
    weights_by_offset[e.offset] = names_[e.value];
  }
  for (const Value* text : program.texts) names_[text] = "w." + weights.unique(text->name) + "()";
  for (const Value* value : values_of(program.graph)) {
    const auto it = program.placements.find(value);
    if (it == program.placements.end() || names_.count(value)) continue;
    const Placement& p = it->second;
    const std::string_view type = element_type(value->type);
    switch (p.where) {
      case Placement::Where::kInput:
        names_[value] = fmt::format("static_cast<const {}*>(inputs[{}])", type, p.number);
        break;
      case Placement::Where::kOutput: {
        ExprPrinter printer({}, -1);
        const Dim elements = floor_div(p.offset, static_cast<int64_t>(byte_size(value->type)));
        names_[value] = fmt::format("static_cast<{}*>(outputs[{}])", type, p.number) +
                        (elements.is(0) ? "" : " + " + printer.print(elements));
        break;
      }
      case Placement::Where::kWeights:
        names_[value] = value->type == DType::kString
                            ? names_.at(program.texts[static_cast<size_t>(p.number)])
                            : weights_by_offset.at(p.offset.value());
        break;
      case Placement::Where::kWorkspace:
        if (mentions_any(p.offset, found)) {
          names_[value] = fmt::format("ws.at<{}>({})", type, ExprPrinter({}, -1).print(p.offset));
        } else {
          names_[value] = "ws." + workspace.unique(value->name) + "()";
          accessors_.push_back(value);
        }
        break;
    }
  }
}

PrintedSteps print_steps(const Program& program, const ValueNames& names,
                         const std::string& after_step) {
  return StepPrinter(program, names, after_step).run();
}

}  // namespace onnxc
