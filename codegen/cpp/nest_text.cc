// Spelling of reductions and sizes.
#include "codegen/cpp/nest_text.h"

#include <cctype>
#include <set>

#include "codegen/cpp/element_type.h"
#include "codegen/names.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {

namespace {

// In parentheses where one of the operators stands in it outside of any.
std::string as_operand(const std::string& text, const std::string& operators) {
  int depth = 0;
  for (size_t k = 0; k + 2 < text.size(); ++k) {
    depth += text[k] == '(' || text[k] == '[';
    depth -= text[k] == ')' || text[k] == ']';
    const bool stands = text[k] == ' ' && operators.find(text[k + 1]) != std::string::npos;
    if (depth == 0 && stands && text[k + 2] == ' ') return "(" + text + ")";
  }
  return text;
}

}  // namespace

std::string first_value(Reduction r, DType type) {
  const bool single = type == DType::kFloat;
  switch (r) {
    case Reduction::kSum:
      return single ? "0.0f" : fmt::format("{}(0)", element_type(type));
    case Reduction::kProduct:
      return single ? "1.0f" : fmt::format("{}(1)", element_type(type));
    case Reduction::kMax:
    case Reduction::kArgMaxFirst:
    case Reduction::kArgMaxLast:
      return fmt::format("lowest<{}>()", element_type(type));
    default:
      return fmt::format("highest<{}>()", element_type(type));
  }
}

std::string combined(Reduction r, DType type, const std::string& a, const std::string& b) {
  const bool infix = type == DType::kFloat || type == DType::kDouble;
  switch (r) {
    case Reduction::kSum:
      return infix ? a + " + " + as_operand(b, "+-") : fmt::format("add({}, {})", a, b);
    case Reduction::kProduct:
      return infix ? a + " * " + as_operand(b, "+-*/") : fmt::format("mul({}, {})", a, b);
    case Reduction::kMax:
      return fmt::format("max({}, {})", a, b);
    default:
      return fmt::format("min({}, {})", a, b);
  }
}

std::vector<std::string> symbols_of(const std::vector<LoopNest>& nests) {
  std::set<std::string> found;
  const auto add = [&](const Dim& d) {
    for (const auto& s : d.symbols()) found.insert(identifier(s->name));
  };
  for (const LoopNest& nest : nests) {
    for (const Dim& d : nest.extents) add(d);
    add(nest.result);
    for (const E* e : {&nest.body, &nest.finish}) {
      if (!*e) continue;
      visit(*e, [&](const Expr& x) {
        for (const Dim& d : x.index) add(d);
        if (x.kind == Expr::Kind::kInteger) add(x.integer);
      });
    }
  }
  return {found.begin(), found.end()};
}

namespace {

bool has_word(const std::string& text, const std::string& word) {
  const auto is_part = [&](size_t at) {
    return at < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '_');
  };
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    if ((at == 0 || !is_part(at - 1)) && !is_part(at + word.size())) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> mentioned(std::vector<std::string> names, const std::string& text) {
  std::erase_if(names, [&](const std::string& name) { return !has_word(text, name); });
  return names;
}

bool is_long(const Dim& extent) { return extent.range().max >= 4; }

}  // namespace onnxc
