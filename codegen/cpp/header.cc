// The header of a generated program.
#include "codegen/cpp/header.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "codegen/cpp/expr_printer.h"
#include "codegen/names.h"
#include "codegen/source_writer.h"
#include "codegen/weights.h"

namespace onnxc {
namespace {

constexpr std::string_view kDeclarations = R"(
#ifndef ONNXC_$NAME$_H
#define ONNXC_$NAME$_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How the caller runs tasks in parallel: calls task(data, i) for each i of [0, tasks), from any threads, and returns when
   all are done. `threads` is how many run at once. */
typedef struct $name$_parallel {
  void (*run)(void* context, int tasks, void (*task)(void* data, int index), void* data);
  void* context;
  int threads;
} $name$_parallel;

/* One axis: a fixed size (value >= 0, symbol NULL), a named size, or an expression of named sizes (value -1). */
typedef struct $name$_dim {
  int64_t value;
  const char* symbol;
  int64_t min, max;
} $name$_dim;

/* An input or output; `type` is the number of ONNX's TensorProto.DataType. */
typedef struct $name$_tensor {
  const char* name;
  int32_t type;
  int32_t rank;
  const $name$_dim* dims;
} $name$_tensor;

/* An element of type string: `size` bytes of UTF-8, not terminated. */
typedef struct $name$_string {
  const char* data;
  uint64_t size;
} $name$_string;

typedef struct $name$_symbol {
  const char* name;
  int64_t min, max;
} $name$_symbol;

typedef struct $name$_info {
  const char* name;
  const char* version;    /* of onnxc */
  const char* model_hash; /* SHA-256 of the model file, hexadecimal */
  int32_t input_count;
  const $name$_tensor* inputs;
  int32_t output_count;
  const $name$_tensor* outputs;
  int32_t symbol_count;
  const $name$_symbol* symbols;
  size_t weights_size; /* of the whole blob */
  size_t weights_alignment;
  int32_t weights_mode; /* 0 a file that the caller gives, 1 embedded, 2 in the source */
} $name$_info;

extern const $name$_info $name$_model;

/* Bytes of workspace for these values of the symbols (in the order of $name$_model.symbols; may be NULL if there are none) and
   this many threads. */
size_t $name$_workspace_size(const int64_t* symbols, int threads);

/* Computes the outputs. Data is row-major and dense; float16, bfloat16 and the 8-bit floats are their bit patterns, elements of
   4 and 2 bits are packed as in ONNX files: two or four a byte, the first in the lowest bits. Strings are arrays of
   $name$_string; those of outputs point into inputs, into the workspace or to constants: copy them before those change. `weights` is the blob (may be NULL if it is embedded or in the source),
   `workspace` is scratch memory (64-byte alignment is fastest), `input_shapes` gives each input's sizes (may be NULL if all are
   fixed), `output_shapes` receives those of the outputs (may be NULL, as may each entry), `parallel` may be NULL.
   $containers$Reads and writes nothing else, keeps no state: any number of threads may call it with workspaces of their own.
   Returns 0, or a code that $name$_error describes. */
int $name$_run(const void* weights, size_t weights_size, void* workspace, size_t workspace_size, const void* const* inputs,
    const int64_t* const* input_shapes, void* const* outputs, int64_t* const* output_shapes, const $name$_parallel* parallel);

const char* $name$_error(int code);

#ifdef __cplusplus
}  // extern "C"
#endif
)";

constexpr char kContainers[] =
    "A sequence NAME is a tensor [length, box...], element i in the corner of box i, and where "
    "sizes of elements are open\n"
    "   NAME_shapes, int64 [length, rank]; an optional has one bool NAME_present besides what it "
    "holds.\n   ";

bool is_companion(const std::string& name, const std::set<std::string>& others) {
  for (const std::string suffix : {"_shapes", "_present"}) {
    if (name.ends_with(suffix) && others.count(name.substr(0, name.size() - suffix.size())))
      return true;
  }
  return false;
}

// Whether some input or output goes with another one.
bool has_containers(const Program& program) {
  std::set<std::string> names(program.graph.output_names.begin(), program.graph.output_names.end());
  for (const Value* v : program.graph.inputs) names.insert(v->name);
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return is_companion(name, names); });
}

std::string c_type(DType type, const Identity& identity) {
  if (type == DType::kString) return identity.name + "_string";
  if (type == DType::kFloat16 || type == DType::kBfloat16) return "uint16_t";
  if (byte_size(type) == 1 && is_float(type)) return "uint8_t";
  return std::string(cpp_name(type));
}

std::string shape_arrays(const Program& program) {
  std::string text;
  for (size_t i = 0; i < program.graph.inputs.size(); ++i) {
    ExprPrinter printer({}, -1);
    std::string dims;
    for (const Dim& d : program.graph.inputs[i]->shape)
      dims += (dims.empty() ? "" : ", ") + printer.print(d);
    text += fmt::format("const int64_t shape_{}[] = {{{}}};\n", i, dims.empty() ? "0" : dims);
  }
  return text;
}

std::string joined(const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string typed_api(const Program& program, const Identity& identity) {
  NamePool pool;
  for (const char* taken : {"weights", "weights_size", "workspace", "workspace_size", "parallel",
                            "threads", "inputs", "outputs", "input_shapes", "symbols", "run"})
    pool.reserve(taken);
  std::vector<std::string> parameters, inputs, outputs, shapes, symbols, symbol_parameters;
  for (const SymbolRef& s : program.symbols) {
    const std::string id = identifier(s->name);
    pool.reserve(id);
    symbols.push_back(id);
    symbol_parameters.push_back("int64_t " + id);
  }
  for (size_t i = 0; i < program.graph.inputs.size(); ++i) {
    const Value* v = program.graph.inputs[i];
    inputs.push_back(pool.unique(v->name));
    parameters.push_back(fmt::format("const {}* {}", c_type(v->type, identity), inputs.back()));
    shapes.push_back(fmt::format("shape_{}", i));
  }
  for (size_t i = 0; i < program.graph.outputs.size(); ++i) {
    outputs.push_back(pool.unique(program.graph.output_names[i]));
    parameters.push_back(
        fmt::format("{}* {}", c_type(program.graph.outputs[i]->type, identity), outputs.back()));
  }
  parameters.insert(parameters.end(), symbol_parameters.begin(), symbol_parameters.end());
  std::vector<std::string> size_parameters = symbol_parameters;
  size_parameters.push_back("int threads = 1");
  SourceWriter w;
  w.emit(
      R"(

    #ifdef __cplusplus
    namespace $name$ {

    // Bytes of workspace that run() needs.
    inline size_t workspace_size($size_parameters$) {
      $symbols$
      return $name$_workspace_size($symbols_argument$, threads);
    }

    // $signature$
    // Returns 0, or a code that $name$_error describes.
    inline int run(const void* weights, size_t weights_size, void* workspace, size_t workspace_size,
        $parameters$,
        const $name$_parallel* parallel = nullptr) {
      $shapes$
      const int64_t* const input_shapes[] = {$shape_list$};
      const void* const inputs[] = {$input_list$};
      void* const outputs[] = {$output_list$};
      return $name$_run(weights, weights_size, workspace, workspace_size, inputs, input_shapes, outputs, nullptr, parallel);
    }

    }  // namespace $name$
    #endif

    #endif
  )",
      {{"name", identity.name},
       {"size_parameters", joined(size_parameters)},
       {"symbols",
        symbols.empty() ? "" : fmt::format("const int64_t symbols[] = {{{}}};", joined(symbols))},
       {"symbols_argument", symbols.empty() ? "nullptr" : "symbols"},
       {"signature", "Inputs, outputs, then the values of the named sizes."},
       {"parameters", joined(parameters)},
       {"shapes", shape_arrays(program)},
       {"shape_list", shapes.empty() ? "nullptr" : joined(shapes)},
       {"input_list", inputs.empty() ? "nullptr" : joined(inputs)},
       {"output_list", joined(outputs)}});
  return w.take();
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (unsigned char c : text) {
    if (c == '"' || c == '\\' || c == '?') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 32 || c > 126) {
      out += fmt::format("\\{:03o}", c);
    } else {
      out += static_cast<char>(c);
    }
  }
  return out + "\"";
}

std::string tensor_tables(const Identity& identity, const std::vector<Value*>& values,
                          const std::vector<std::string>& names, const std::string& kind) {
  SourceWriter w;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i]->shape.empty()) continue;
    std::string dims;
    for (const Dim& d : values[i]->shape) {
      const Range r = d.range();
      const std::string entry =
          d.is_constant() ? fmt::format("{{{0}, nullptr, {0}, {0}}}", d.value())
                          : fmt::format("{{-1, {}, {}, {}}}", quoted(d.text()), r.min, r.max);
      dims += (dims.empty() ? "" : ", ") + entry;
    }
    w.line(fmt::format("const {}_dim {}_dims_{}[] = {{{}}};", identity.name, kind, i, dims));
  }
  std::string rows;
  for (size_t i = 0; i < values.size(); ++i) {
    rows += fmt::format("{}{{{}, {}, {}, {}}}", rows.empty() ? "" : ", ", quoted(names[i]),
                        static_cast<int>(values[i]->type), values[i]->shape.size(),
                        values[i]->shape.empty() ? "nullptr" : fmt::format("{}_dims_{}", kind, i));
  }
  if (!values.empty())
    w.line(fmt::format("const {}_tensor {}s[] = {{{}}};", identity.name, kind, rows));
  return w.take();
}

}  // namespace

std::string print_header(const Program& program, const Identity& identity) {
  std::string upper;
  for (char c : identity.name)
    upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  SourceWriter w;
  w.line(fmt::format("/* {}: generated by onnxc {} from {} (sha256 {}). Do not edit. */",
                     identity.name, ONNXC_VERSION, identity.model_file, identity.model_sha256));
  w.emit(kDeclarations, {{"name", identity.name},
                         {"NAME", upper},
                         {"containers", has_containers(program) ? kContainers : ""}});
  return w.take() + typed_api(program, identity);
}

std::string print_model_info(const Program& program, const Identity& identity,
                             WeightsMode weights) {
  std::vector<std::string> input_names;
  for (const Value* v : program.graph.inputs) input_names.push_back(v->name);
  std::string symbols;
  for (const SymbolRef& s : program.symbols)
    symbols += fmt::format("{}{{{}, {}, {}}}", symbols.empty() ? "" : ", ", quoted(s->name), s->min,
                           s->max);
  SourceWriter w;
  w.emit(R"(
    namespace {
    $inputs$
    $outputs$
    $symbols$
    }  // namespace

    extern "C" const $name$_info $name$_model = {
        "$name$", "$version$", "$hash$", $input_count$, $input_table$, $output_count$, outputs, $symbol_count$, $symbol_table$,
        $weights_size$, 64, $mode$};
  )",
         {{"name", identity.name},
          {"version", ONNXC_VERSION},
          {"hash", identity.model_sha256},
          {"inputs", tensor_tables(identity, program.graph.inputs, input_names, "input")},
          {"outputs",
           tensor_tables(identity, program.graph.outputs, program.graph.output_names, "output")},
          {"symbols", symbols.empty() ? ""
                                      : fmt::format("const {}_symbol symbols[] = {{{}}};",
                                                    identity.name, symbols)},
          {"input_count", std::to_string(program.graph.inputs.size())},
          {"input_table", program.graph.inputs.empty() ? "nullptr" : "inputs"},
          {"output_count", std::to_string(program.graph.outputs.size())},
          {"symbol_count", std::to_string(program.symbols.size())},
          {"symbol_table", program.symbols.empty() ? "nullptr" : "symbols"},
          {"weights_size", std::to_string(blob_size(program))},
          {"mode", std::to_string(static_cast<int>(weights))}});
  return w.take();
}

}  // namespace onnxc
