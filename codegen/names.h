// ONNX names as C++ identifiers: readable, unique, stable.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace onnxc {

// Letters, digits and underscores; never a keyword, a leading digit, or a reserved form.
std::string identifier(std::string_view name);
std::string snake_case(std::string_view name);  // "MaxPool" -> "max_pool"

// Hands out identifiers, each once.
class NamePool {
 public:
  std::string unique(std::string_view name);
  void reserve(std::string_view identifier) { taken_.insert(std::string(identifier)); }

 private:
  std::set<std::string> taken_;
};

}  // namespace onnxc
