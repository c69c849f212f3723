// A compiled model loaded into this process, called through its C functions.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "codegen/native/native.h"
#include "compiler/compile.h"
#include "compiler/eval/evaluate.h"
#include "compiler/ir/tensor.h"
#include "runtime/thread_pool.h"
#include "runtime/workspace.h"

namespace onnxc {

class NativeModel {
 public:
  // `via` is "clang" (in process) or a compiler to run, such as "g++". `compiled` must outlive the
  // model.
  NativeModel(const Compiled& compiled, const std::string& via, const std::string& march);

  // Of the program: a container of the model is several.
  const std::vector<std::string>& output_names() const {
    return compiled_.program.graph.output_names;
  }

  // `call(context, k)` follows every step k of the program from now on; the program has to be
  // compiled with Options::time_steps.
  void on_step(void (*call)(void* context, int step), void* context);

  // One set of inputs, with room for the outputs; calls reuse everything.
  class Call {
   public:
    // `threads` of a pool share the work. CompileError if number, types or shapes of the inputs do
    // not fit.
    Call(const NativeModel& model, std::vector<Tensor> inputs, int threads = 1);
    void run();  // CompileError with the generated function's text if it returns a code
    // The outputs of the last run, with their actual shapes.
    std::vector<Tensor> outputs() const;
    size_t workspace_bytes() const { return workspace_.size(); }
    // What it holds between runs is not read.
    std::span<std::byte> workspace() {
      return {static_cast<std::byte*>(workspace_.data()), workspace_.size()};
    }
    const SymbolValues& symbols() const { return symbols_; }

   private:
    struct Parallel {  // as the generated header declares it
      void (*run)(void* context, int tasks, void (*task)(void* data, int index), void* data);
      void* context;
      int threads;
    };

    // As the generated header declares it.
    struct String {
      const char* data;
      uint64_t size;
    };

    const void* as_given(Tensor& input);
    Tensor as_tensor(DType type, std::vector<int64_t> dims,
                     const std::vector<std::byte>& bytes) const;

    const NativeModel& model_;
    std::unique_ptr<runtime::ThreadPool> pool_;  // for more than one thread
    SymbolValues symbols_;
    std::vector<Tensor> inputs_;
    std::vector<std::vector<std::byte>> packed_inputs_;  // of those with elements below 8 bits
    std::vector<std::vector<String>> string_inputs_;
    std::vector<std::vector<int64_t>> input_shapes_, output_shapes_;
    std::vector<const void*> input_pointers_;
    std::vector<const int64_t*> input_shape_pointers_;
    std::vector<std::vector<std::byte>> output_bytes_;
    std::vector<void*> output_pointers_;
    std::vector<int64_t*> output_shape_pointers_;
    runtime::Workspace workspace_;
  };

 private:
  friend class Call;
  using RunFunction = int(const void*, size_t, void*, size_t, const void* const*,
                          const int64_t* const*, void* const*, int64_t* const*, const void*);
  using SizeFunction = size_t(const int64_t*, int);
  using ErrorFunction = const char*(int);

  const Compiled& compiled_;
  std::unique_ptr<LoadedProgram> program_;
  runtime::Workspace weights_;
  RunFunction* run_ = nullptr;
  SizeFunction* workspace_size_ = nullptr;
  ErrorFunction* error_ = nullptr;
};

}  // namespace onnxc
