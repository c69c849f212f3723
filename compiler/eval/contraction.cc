// Contractions by rows of the innermost space axis: as weighted sums of rows, or as dot products
// where elements lie side by side along the reduced axis.
#include "compiler/eval/contraction.h"

#include <algorithm>
#include <utility>

#include "compiler/eval/multiply_add.h"

namespace onnxc {

bool is_contraction(const LaneProgram& program) {
  if (program.steps.size() != 3 || !program.once.empty()) return false;
  if (program.type != DType::kFloat && program.type != DType::kDouble) return false;
  const LaneStep &a = program.steps[0], &b = program.steps[1], &product = program.steps[2];
  const LaneRun load = lane_load(program.type);
  return a.run == load && b.run == load &&
         product.run == lane_operation(ScalarOp::kMul, program.type) &&
         program.result == product.to && program.space_axes < program.extents.size();
}

Contraction::Contraction(const LaneProgram& program, const std::vector<Tensor>& inputs)
    : type_(program.type), extents_(program.extents), space_axes_(program.space_axes) {
  const auto operand = [&](int register_number) {
    const LaneStep& step =
        *std::find_if(program.steps.begin(), program.steps.end(),
                      [&](const LaneStep& s) { return s.to == register_number; });
    const Affine& affine = program.affines[static_cast<size_t>(step.affine)];
    const Tensor& input = inputs[static_cast<size_t>(step.input)];
    const std::byte* data = type_ == DType::kFloat
                                ? reinterpret_cast<const std::byte*>(input.data<float>())
                                : reinterpret_cast<const std::byte*>(input.data<double>());
    return Operand{data, affine.base, affine.coefficients};
  };
  a_ = operand(program.steps[2].a);
  b_ = operand(program.steps[2].b);
  if (space_axes_ > 0 && b_.strides[space_axes_ - 1] == 0) std::swap(a_, b_);
}

void Contraction::sums(int64_t first, int count, LaneRegister& sums) const {
  if (type_ == DType::kFloat) return typed_sums<float>(first, count, sums);
  typed_sums<double>(first, count, sums);
}

template <class T>
void Contraction::typed_sums(int64_t first, int count, LaneRegister& sums) const {
  double wide[kLanes] = {};
  const int64_t row = space_axes_ > 0 ? extents_[space_axes_ - 1] : 1;
  for (int done = 0; done < count;) {
    int64_t rest = first + done, a = a_.base, b = b_.base;
    for (size_t k = space_axes_; k-- > 0; rest /= extents_[k]) {
      a += rest % extents_[k] * a_.strides[k];
      b += rest % extents_[k] * b_.strides[k];
    }
    const int64_t length = std::min<int64_t>(count - done, row - (first + done) % row);
    add_row(reinterpret_cast<const T*>(a_.data) + a, reinterpret_cast<const T*>(b_.data) + b,
            length, wide + done);
    done += static_cast<int>(length);
  }
  T* to = reinterpret_cast<T*>(sums.bytes.data());
  for (int i = 0; i < count; ++i) to[i] = static_cast<T>(wide[i]);
}

template <class T>
void Contraction::add_row(const T* a, const T* b, int64_t count, double* sums) const {
  const int64_t a_step = space_axes_ > 0 ? a_.strides[space_axes_ - 1] : 0;
  const int64_t b_step = space_axes_ > 0 ? b_.strides[space_axes_ - 1] : 0;
  const bool side_by_side = a_.strides.back() == 1 && b_.strides.back() == 1;
  if (a_step == 0 && !(side_by_side && b_step != 1)) {
    add_reduced(space_axes_, a, b, count, sums);
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    add_reduced(space_axes_, a + i * a_step, b + i * b_step, 1, sums + i);
}

template <class T>
void Contraction::add_reduced(size_t axis, const T* a, const T* b, int64_t count,
                              double* sums) const {
  if (axis + 1 == extents_.size()) return add_terms(a, b, count, sums);
  for (int64_t i = 0; i < extents_[axis]; ++i)
    add_reduced(axis + 1, a + i * a_.strides[axis], b + i * b_.strides[axis], count, sums);
}

// Along the last reduced axis, for `count` outputs.
template <class T>
void Contraction::add_terms(const T* a, const T* b, int64_t count, double* sums) const {
  const int64_t terms = extents_.back(), a_term = a_.strides.back(), b_term = b_.strides.back();
  if (count == 1 && a_term == 1 && b_term == 1) {
    *sums += dot(a, b, terms);
    return;
  }
  const int64_t step = space_axes_ > 0 ? b_.strides[space_axes_ - 1] : 0;
  int64_t k = 0;
  for (; k + kTerms <= terms; k += kTerms) {
    const T* x[kTerms];
    double weights[kTerms];
    for (int t = 0; t < kTerms; ++t) {
      weights[t] = a[(k + t) * a_term];
      x[t] = b + (k + t) * b_term;
    }
    add_weighted(sums, count, x, weights, step);
  }
  for (; k < terms; ++k) add_weighted(sums, count, b + k * b_term, a[k * a_term], step);
}

}  // namespace onnxc
