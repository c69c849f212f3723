// onnxc inspect: what is in a model and what it costs.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "codegen/weights.h"
#include "compiler/compile.h"
#include "compiler/frontend/load_model.h"
#include "compiler/plan/cost.h"
#include "compiler/tool/command.h"
#include "compiler/tool/compile_options.h"
#include "compiler/tool/model_inputs.h"
#include "compiler/tool/progress_report.h"

namespace onnxc {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kFooter[] =
    "Sizes that vary are named; costs and memory are expressions of them. Of a model that cannot "
    "be\n"
    "compiled, what its file says is printed before the error.\n\n"
    "Example: onnxc inspect model.onnx --json";

void count_operations(const OnnxGraph& graph, std::map<std::string, int>& counts) {
  for (const OnnxNode& node : graph.nodes) {
    ++counts[node.domain.empty() ? node.op_type : node.domain + "::" + node.op_type];
    for (const auto& [name, value] : node.attributes) {
      if (const auto* body = std::get_if<std::shared_ptr<OnnxGraph>>(&value))
        count_operations(**body, counts);
    }
  }
}

int64_t count_parameters(const OnnxGraph& graph) {
  int64_t count = 0;
  for (const auto& [name, tensor] : graph.initializers) count += tensor.size();
  return count;
}

// A number where it is one, otherwise the expression.
Json dim_json(const Dim& d) {
  if (d.is_constant()) return d.value();
  return d.text();
}

Json values_json(const std::vector<Value*>& values, const std::vector<std::string>& names) {
  Json list = Json::array();
  for (size_t i = 0; i < values.size(); ++i) {
    Json shape = Json::array();
    for (const Dim& d : values[i]->shape) shape.push_back(dim_json(d));
    list.push_back({{"name", names[i]}, {"type", name(values[i]->type)}, {"shape", shape}});
  }
  return list;
}

// What the file says.
Json model_facts(const OnnxModel& model) {
  std::map<std::string, int> counts;
  count_operations(model.graph, counts);
  Json opsets = Json::object();
  for (const auto& [domain, version] : model.opsets)
    opsets[domain.empty() ? "ai.onnx" : domain] = version;
  return {{"model", model.path},
          {"sha256", model.sha256},
          {"producer", model.producer},
          {"producer_version", model.producer_version},
          {"ir_version", model.ir_version},
          {"opsets", opsets},
          {"operations", counts},
          {"parameters", count_parameters(model.graph)}};
}

// What the compiler makes of it.
Json program_facts(const Program& program) {
  std::vector<std::string> inputs;
  for (const Value* v : program.graph.inputs) inputs.push_back(v->name);
  Json sizes = Json::array();
  for (const SymbolRef& s : program.symbols)
    sizes.push_back({{"name", s->name}, {"min", s->min}, {"max", s->max}});
  return {{"inputs", values_json(program.graph.inputs, inputs)},
          {"outputs", values_json(program.graph.outputs, program.graph.output_names)},
          {"sizes", sizes},
          {"macs", dim_json(multiply_adds(program))},
          {"steps", program.steps.size()},
          {"weights_bytes", blob_size(program)},
          {"workspace_bytes", dim_json(program.workspace_bytes)},
          {"live_bytes", dim_json(program.live_bytes)}};
}

std::string plain(const Json& json) {
  return json.is_string() ? json.get<std::string>() : json.dump();
}

void print_values(const char* title, const Json& values) {
  for (const Json& v : values) {
    std::string shape;
    for (const Json& d : v["shape"]) shape += (shape.empty() ? "" : ",") + plain(d);
    fmt::print("{:<12}{} {}[{}]\n", title, plain(v["name"]), plain(v["type"]), shape);
    title = "";
  }
}

void print_model_facts(const Json& f) {
  fmt::print("{:<12}{}\n{:<12}{}\n", "model", plain(f["model"]), "sha256", plain(f["sha256"]));
  const std::string producer = plain(f["producer"]) + " " + plain(f["producer_version"]);
  if (producer != " ") fmt::print("{:<12}{}\n", "producer", producer);
  const char* title = "opset";
  for (const auto& [domain, version] : f["opsets"].items()) {
    fmt::print("{:<12}{} {}\n", title, domain, version.dump());
    title = "";
  }
  title = "operations";
  for (const auto& [operation, count] : f["operations"].items()) {
    fmt::print("{:<12}{:>5} {}\n", title, count.dump(), operation);
    title = "";
  }
  fmt::print("{:<12}{}\n", "parameters", f["parameters"].dump());
}

void print_program_facts(const Json& f) {
  print_values("inputs", f["inputs"]);
  print_values("outputs", f["outputs"]);
  const char* title = "sizes";
  for (const Json& s : f["sizes"]) {
    fmt::print("{:<12}{} in {}..{}\n", title, plain(s["name"]), s["min"].dump(), s["max"].dump());
    title = "";
  }
  fmt::print("{:<12}{} multiply-adds in {} steps\n", "work", plain(f["macs"]), f["steps"].dump());
  fmt::print("{:<12}{} bytes\n", "weights", f["weights_bytes"].dump());
  fmt::print("{:<12}{} bytes; at least {} live at once\n", "workspace", plain(f["workspace_bytes"]),
             plain(f["live_bytes"]));
}

}  // namespace

int inspect_command(const std::vector<std::string>& words) {
  CLI::App app("Prints what is in a model and what it costs.", "onnxc inspect");
  CompileArguments arguments;
  std::string path;
  bool json = false;
  app.add_option("MODEL", path, "a model, or a folder with model.onnx")->required();
  app.add_flag("--json", json, "JSON instead of text");
  add_compile_options(app, arguments, default_march());
  app.footer(kFooter);
  if (asks_for_help(app, words)) return 0;

  const Options options = options_of(arguments, default_march());
  ProgressReport progress(arguments.verbose);
  progress.stage("Loading");
  const OnnxModel model = load_model(model_file(path));
  Json all = model_facts(model);
  if (!json) print_model_facts(all);
  std::fflush(stdout);
  const Compiled compiled =
      compile(model, options, [&](std::string_view stage) { progress.stage(stage); });
  progress.done();
  const Json program = program_facts(compiled.program);
  if (!json) print_program_facts(program);
  all.update(program);
  if (json) fmt::print("{}\n", all.dump(2, ' ', false, Json::error_handler_t::replace));
  return 0;
}

}  // namespace onnxc
