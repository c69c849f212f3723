// Einsum: products of subscripted operands summed over the labels that the result lacks.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

// Labels are letters; the axes of an ellipsis are the labels '0', '1', ... from the last axis
// backwards.
using Labels = std::string;

struct Term {
  Value* value;
  Labels labels;
};

struct Equation {
  std::vector<Labels> operands;
  Labels result;
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// "ab...c" for a tensor of rank 5 as "ab10c".
Labels expand(const Lowering& x, const std::string& subscript, int rank) {
  const size_t dots = subscript.find("...");
  if (dots == std::string::npos) return subscript;
  const int named = static_cast<int>(subscript.size()) - 3;
  if (rank < named) {
    throw x.error("subscript \"{}\" names {} axes of an operand of rank {}", subscript, named,
                  rank);
  }
  Labels ellipsis;
  for (int i = rank - named; i-- > 0;) ellipsis += static_cast<char>('0' + i);
  return subscript.substr(0, dots) + ellipsis + subscript.substr(dots + 3);
}

Labels implicit_result(const std::vector<Labels>& operands) {
  std::map<char, int> uses;
  for (const Labels& o : operands) {
    for (char c : o) ++uses[c];
  }
  Labels ellipsis, letters;
  for (const auto& [label, count] : uses) {
    if (label <= '9') {
      ellipsis.insert(ellipsis.begin(), label);
    } else if (count == 1) {
      letters += label;
    }
  }
  return ellipsis + letters;
}

Equation parse(const Lowering& x) {
  std::string text = x.attribute_string("equation", "");
  std::erase(text, ' ');
  const size_t arrow = text.find("->");
  const std::vector<std::string> subscripts = split(text.substr(0, arrow), ',');
  if (subscripts.size() != x.input_count()) {
    throw x.error("equation \"{}\" names {} operands, there are {}", text, subscripts.size(),
                  x.input_count());
  }
  Equation e;
  int ellipsis_rank = 0;
  for (size_t i = 0; i < subscripts.size(); ++i) {
    const int rank = x.rank(i);
    e.operands.push_back(expand(x, subscripts[i], rank));
    if (e.operands.back().size() != static_cast<size_t>(rank)) {
      throw x.error("subscript \"{}\" has {} labels, operand {} has shape {}", subscripts[i],
                    e.operands.back().size(), i, onnxc::text(x.shape(i)));
    }
    if (subscripts[i].find("...") != std::string::npos) {
      ellipsis_rank = std::max(ellipsis_rank, rank - static_cast<int>(subscripts[i].size()) + 3);
    }
  }
  if (arrow == std::string::npos) {
    e.result = implicit_result(e.operands);
    return e;
  }
  const std::string result = text.substr(arrow + 2);
  const bool open = result.find("...") != std::string::npos;
  e.result = expand(x, result,
                    static_cast<int>(result.size()) - (open ? 3 : 0) + (open ? ellipsis_rank : 0));
  return e;
}

bool holds(const Labels& labels, char label) { return labels.find(label) != Labels::npos; }

// Size of every label; a label of size 1 stretches.
std::map<char, Dim> sizes_of(const Lowering& x, const std::vector<Term>& terms) {
  std::map<char, Dim> sizes;
  for (const Term& t : terms) {
    for (size_t i = 0; i < t.labels.size(); ++i) {
      const Dim& size = t.value->shape[i];
      const auto [it, fresh] = sizes.emplace(t.labels[i], size);
      if (fresh || it->second == size) continue;
      if (it->second.is(1)) {
        it->second = size;
      } else if (!size.is(1) && proves_ne(it->second, size)) {
        throw x.error("label '{}' stands for sizes {} and {}", t.labels[i], it->second.text(),
                      size.text());
      }
    }
  }
  return sizes;
}

// The product of one or two terms, summed over all labels that `kept` lacks.
Value* contract(Lowering& x, const std::vector<Term>& terms, const Labels& kept, DType type,
                const std::string& part) {
  const std::map<char, Dim> sizes = sizes_of(x, terms);
  Shape space, reduced;
  Labels order = kept;
  for (char label : kept) {
    if (!sizes.count(label)) throw x.error("label '{}' of the result is in no operand", label);
    space.push_back(sizes.at(label));
  }
  for (const auto& [label, size] : sizes) {
    if (holds(kept, label)) continue;
    order += label;
    reduced.push_back(size);
  }
  MapBuilder map(x, space, reduced);
  E product;
  for (const Term& t : terms) {
    std::vector<Dim> at;
    for (size_t i = 0; i < t.labels.size(); ++i) {
      const int axis = static_cast<int>(order.find(t.labels[i]));
      at.push_back(t.value->shape[i].is(1) ? Dim(0) : map.index(axis));
    }
    const E element = map.load(t.value, at);
    product = product ? product * element : element;
  }
  if (reduced.empty()) return map.build(product, type, part);
  return map.build_reduction(Reduction::kSum, product, nullptr, type, part);
}

void einsum(Lowering& x) {
  const Equation e = parse(x);
  std::vector<Term> terms;
  for (size_t i = 0; i < e.operands.size(); ++i) terms.push_back({x.input(i), e.operands[i]});
  while (terms.size() > 2) {
    Labels kept;
    for (char label : terms[0].labels + terms[1].labels) {
      bool needed = holds(e.result, label);
      for (size_t i = 2; i < terms.size(); ++i) needed |= holds(terms[i].labels, label);
      if (needed && !holds(kept, label)) kept += label;
    }
    Value* partial = contract(x, {terms[0], terms[1]}, kept, compute_type(x.type(0)), "partial");
    terms.erase(terms.begin());
    terms[0] = {partial, kept};
  }
  x.output(0, contract(x, terms, e.result, x.type(0), ""));
}

}  // namespace

OPS_TABLE(einsum){
    {"Einsum", 12, "numbers", einsum},
};
OPS_END(einsum)

}  // namespace onnxc
