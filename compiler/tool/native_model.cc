// Loading and calling a compiled model.
#include "compiler/tool/native_model.h"

#include <algorithm>
#include <cstring>

#include "codegen/weights.h"
#include "compiler/eval/bind_symbols.h"
#include "compiler/ir/bounds.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

template <class Function>
Function* find_function(const LoadedProgram& program, const std::string& name) {
  void* address = program.symbol(name);
  ONNXC_CHECK(address, "the generated program has no function {}", name);
  return reinterpret_cast<Function*>(address);
}

// Aligned, as the header asks of programs that want speed.
void reserve(runtime::Workspace& memory, size_t bytes) {
  if (!memory.reserve(bytes)) throw CompileError("there is no memory for {} bytes", bytes);
}

}  // namespace

NativeModel::NativeModel(const Compiled& compiled, const std::string& via, const std::string& march)
    : compiled_(compiled) {
  const std::string& name = compiled.identity.name;
  const std::vector<SourceFile> files = {{name + ".cpp", compiled.files.source},
                                         {compiled.identity.header_file, compiled.files.header}};
  NativeOptions options;
  options.march = march;
  program_ = via == "clang" ? LoadedProgram::compile(files, options)
                            : LoadedProgram::load_with(via, files, {}, options);
  run_ = find_function<RunFunction>(*program_, name + "_run");
  workspace_size_ = find_function<SizeFunction>(*program_, name + "_workspace_size");
  error_ = find_function<ErrorFunction>(*program_, name + "_error");
  reserve(weights_, blob_size(compiled.program));
  auto* next = static_cast<std::byte*>(weights_.data());
  write_blob(compiled.program, compiled.identity.model_sha256,
             [&](std::span<const std::byte> bytes) {
               next = std::copy(bytes.begin(), bytes.end(), next);
             });
}

void NativeModel::on_step(void (*call)(void* context, int step), void* context) {
  struct Hook {
    void (*call)(void* context, int step);
    void* context;
  };
  void* address = program_->symbol(compiled_.identity.name + "_on_step");
  ONNXC_CHECK(address, "the program is compiled without a call after each step");
  *static_cast<Hook*>(address) = {call, context};
}

NativeModel::Call::Call(const NativeModel& model, std::vector<Tensor> inputs, int threads)
    : model_(model), inputs_(std::move(inputs)) {
  const Program& program = model.compiled_.program;
  const auto& declared = program.graph.inputs;
  if (inputs_.size() != declared.size())
    throw CompileError("{} inputs are given, the model has {}", inputs_.size(), declared.size());
  if (threads > 1) pool_ = std::make_unique<runtime::ThreadPool>(threads);
  for (size_t i = 0; i < declared.size(); ++i) {
    if (inputs_[i].type() != declared[i]->type) {
      throw CompileError("input \"{}\" is {}, expected {}", declared[i]->name,
                         name(inputs_[i].type()), name(declared[i]->type));
    }
    symbols_ = bind_symbols(fmt::format("input \"{}\"", declared[i]->name), declared[i]->shape,
                            inputs_[i].dims(), std::move(symbols_));
    input_shapes_.push_back(inputs_[i].dims());
    input_shapes_.back().push_back(0);  // never an empty array
    input_pointers_.push_back(as_given(inputs_[i]));
  }
  for (const auto& s : input_shapes_) input_shape_pointers_.push_back(s.data());
  std::vector<int64_t> symbol_values;
  for (const SymbolRef& s : program.symbols) {
    if (!symbols_.count(s->name))
      throw CompileError("size {} is not determined by the inputs", s->name);
    symbol_values.push_back(symbols_.at(s->name));
  }
  symbol_values.push_back(0);
  const auto found = found_sizes(program.graph);
  for (const Value* v : program.graph.outputs) {
    output_bytes_.emplace_back(
        static_cast<size_t>(upper_bound(byte_size(*v), found).evaluate(symbols_)) + 64);
    output_shapes_.emplace_back(v->shape.size() + 1);
  }
  for (auto& b : output_bytes_) output_pointers_.push_back(b.data());
  for (auto& s : output_shapes_) output_shape_pointers_.push_back(s.data());
  static std::byte nothing[64];
  for (auto& p : input_pointers_) {
    if (!p) p = nothing;
  }
  reserve(workspace_, model.workspace_size_(symbol_values.data(), threads));
  // What lies there before the first run means nothing: NaN in every element shows where it counts.
  std::memset(workspace_.data(), 0xff, workspace_.size());
}

// Where the generated function reads the input.
const void* NativeModel::Call::as_given(Tensor& input) {
  if (input.type() == DType::kString) {
    string_inputs_.emplace_back();
    for (const std::string& s : input.strings())
      string_inputs_.back().push_back({s.data(), s.size()});
    return string_inputs_.back().data();
  }
  if (file_bits(input.type()) >= 8) return input.mutable_bytes();
  packed_inputs_.push_back(pack_bits(input));
  return packed_inputs_.back().data();
}

Tensor NativeModel::Call::as_tensor(DType type, std::vector<int64_t> dims,
                                    const std::vector<std::byte>& bytes) const {
  if (file_bits(type) < 8) return unpack_bits(type, dims, bytes);
  Tensor t(type, std::move(dims));
  if (type != DType::kString) {
    std::memcpy(t.mutable_bytes(), bytes.data(), t.byte_count());
    return t;
  }
  std::vector<std::string> strings;
  for (int64_t i = 0; i < t.size(); ++i) {
    String s;
    std::memcpy(&s, bytes.data() + static_cast<size_t>(i) * sizeof s, sizeof s);
    strings.emplace_back(s.data, s.size);
  }
  return Tensor::of_strings(t.dims(), std::move(strings));
}

void NativeModel::Call::run() {
  const Parallel parallel = pool_ ? pool_->as<Parallel>() : Parallel{};
  const int code = model_.run_(model_.weights_.data(), model_.weights_.size(), workspace_.data(),
                               workspace_.size(), input_pointers_.data(),
                               input_shape_pointers_.data(), output_pointers_.data(),
                               output_shape_pointers_.data(), pool_ ? &parallel : nullptr);
  if (code != 0)
    throw CompileError("the generated function returned {}: {}", code, model_.error_(code));
}

std::vector<Tensor> NativeModel::Call::outputs() const {
  std::vector<Tensor> result;
  const auto& declared = model_.compiled_.program.graph.outputs;
  for (size_t i = 0; i < declared.size(); ++i) {
    std::vector<int64_t> dims = output_shapes_[i];
    dims.pop_back();
    result.push_back(as_tensor(declared[i]->type, std::move(dims), output_bytes_[i]));
  }
  return result;
}

}  // namespace onnxc
