// Hashing and comparing expressions that share parts.
#include "compiler/ir/equal_expressions.h"

#include <bit>
#include <set>
#include <unordered_map>

namespace onnxc {
namespace {

uint64_t mix(uint64_t seed, uint64_t value) {
  return (seed ^ value) * 0x9e3779b97f4a7c15 + (seed >> 29);
}
uint64_t hash_of(const Dim& d) { return std::hash<std::string>()(d.text()); }

class Hasher {
 public:
  uint64_t operator()(const Expr& x) {
    const auto it = done_.find(&x);
    if (it != done_.end()) return it->second;
    uint64_t h = mix(static_cast<uint64_t>(x.kind), static_cast<uint64_t>(x.type));
    h = mix(h, std::bit_cast<uint64_t>(x.value));
    h = mix(h, static_cast<uint64_t>(x.integer_value));
    h = mix(h, hash_of(x.integer));
    h = mix(h, static_cast<uint64_t>(x.input));
    h = mix(h, static_cast<uint64_t>(x.op));
    for (const Dim& d : x.index) h = mix(h, hash_of(d));
    for (const ExprRef& a : x.args) h = mix(h, (*this)(*a));
    done_.emplace(&x, h);
    return h;
  }

 private:
  std::unordered_map<const Expr*, uint64_t> done_;
};

class Comparer {
 public:
  bool operator()(const Expr& a, const Expr& b) {
    if (&a == &b || equal_.count({&a, &b})) return true;
    if (a.kind != b.kind || a.type != b.type || a.op != b.op || a.input != b.input ||
        std::bit_cast<uint64_t>(a.value) != std::bit_cast<uint64_t>(b.value) ||
        a.integer_value != b.integer_value || a.integer != b.integer || a.index != b.index ||
        a.args.size() != b.args.size())
      return false;
    for (size_t i = 0; i < a.args.size(); ++i) {
      if (!(*this)(*a.args[i], *b.args[i])) return false;
    }
    equal_.emplace(&a, &b);
    return true;
  }

 private:
  std::set<std::pair<const Expr*, const Expr*>> equal_;
};

}  // namespace

uint64_t hash_of(const E& x) { return x ? Hasher()(*x) : 0; }

bool equal(const E& a, const E& b) {
  if (!a || !b) return a.ref() == b.ref();
  return Comparer()(*a, *b);
}

}  // namespace onnxc
