// Sizes that data decides and of which the model says nothing: who bounds them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "compiler/eval/symbolic.h"
#include "compiler/ir/dim.h"
#include "compiler/options.h"

namespace onnxc {

class DataSizes {
 public:
  explicit DataSizes(std::map<std::string, DimBounds> stated) : stated_(std::move(stated)) {}

  std::optional<DimBounds> stated(const std::string& name) const;
  // What is taken for sizes that nothing bounds; 0: they stay open.
  int64_t assumed() const { return assumed_; }
  // Remembers that the size needs a bound.
  void ask(const SymbolRef& symbol) { open_.insert(symbol->name); }
  bool has_open() const { return !open_.empty(); }
  bool is_open(const std::string& name) const { return open_.count(name) > 0; }
  // A value of the first shape is declared to have the second: what that says about open sizes.
  void learn(const Shape& shape, const Shape& declared);
  // An axis of this size is kept that would have to go if it were 1, and its rank turns out to be
  // one too many: then it is 1, unless the user states otherwise.
  void keep_unless_one(const SymbolRef& symbol) { kept_.insert(symbol->name); }
  void fix_kept();
  bool learned_any() const { return !learned_.empty(); }
  // The elements that steps read as sizes so far: another read of one is the same size.
  ReadElements& read_elements() { return read_; }
  // The same bounds and those learned, and one to assume for what is left; nothing is open.
  DataSizes with_learned(int64_t assumed) const;

 private:
  std::map<std::string, DimBounds> stated_, learned_;
  std::set<std::string> open_, kept_;
  ReadElements read_;
  int64_t assumed_ = 0;
};

}  // namespace onnxc
