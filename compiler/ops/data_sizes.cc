// Bounds from options and declared shapes.
#include "compiler/ops/data_sizes.h"

namespace onnxc {

std::optional<DimBounds> DataSizes::stated(const std::string& name) const {
  const auto it = stated_.find(name);
  return it == stated_.end() ? std::nullopt : std::optional(it->second);
}

void DataSizes::learn(const Shape& shape, const Shape& declared) {
  if (open_.empty() || shape.size() != declared.size()) return;
  for (size_t k = 0; k < shape.size(); ++k) {
    const auto terms = shape[k].terms();
    if (terms.size() != 1 || terms[0].factors.size() != 1 || !declared[k].is_constant()) continue;
    const Dim::Atom& atom = *terms[0].factors[0];
    if (atom.kind != Dim::Kind::kSymbol || !is_open(atom.symbol->name)) continue;
    const int64_t size = (declared[k].value() - shape[k].offset()) / terms[0].coefficient;
    if (size >= 0) learned_.emplace(atom.symbol->name, DimBounds{0, size});
  }
}

void DataSizes::fix_kept() {
  for (const std::string& name : kept_) {
    if (!stated_.count(name)) learned_[name] = {1, 1};
  }
}

DataSizes DataSizes::with_learned(int64_t assumed) const {
  DataSizes all(stated_);
  all.assumed_ = assumed;
  all.stated_.insert(learned_.begin(), learned_.end());
  return all;
}

}  // namespace onnxc
