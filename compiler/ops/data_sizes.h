// Sizes that data decides and of which the model says nothing: who bounds them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "compiler/ir/dim.h"
#include "compiler/options.h"

namespace onnxc {

class DataSizes {
 public:
  explicit DataSizes(std::map<std::string, DimBounds> stated) : stated_(std::move(stated)) {}

  std::optional<DimBounds> stated(const std::string& name) const;
  // Remembers that the size needs a bound.
  void ask(const SymbolRef& symbol) { open_.insert(symbol->name); }
  bool has_open() const { return !open_.empty(); }
  bool is_open(const std::string& name) const { return open_.count(name) > 0; }
  // A value of the first shape is declared to have the second: what that says about open sizes.
  void learn(const Shape& shape, const Shape& declared);
  // The model declares what holds only where the size is `value`. False if the user states another.
  bool fix(const SymbolRef& symbol, int64_t value);
  bool learned_any() const { return !learned_.empty(); }
  // The same bounds and those learned; nothing is open.
  DataSizes with_learned() const;

 private:
  std::map<std::string, DimBounds> stated_, learned_;
  std::set<std::string> open_;
};

}  // namespace onnxc
