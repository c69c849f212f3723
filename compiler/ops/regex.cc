// From the syntax tree to steps that branch, and from those to a table, one state for each set of
// steps that a text can have reached.
#include "compiler/ops/regex.h"

#include <map>
#include <set>
#include <utility>

#include "compiler/ops/regex_syntax.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

using Kind = RegexNode::Kind;

// What stands before or after a position.
enum class Side { kEdge, kWord, kOther };

Side side_of(int byte) { return is_word_byte(byte) ? Side::kWord : Side::kOther; }

struct Step {
  Kind kind;  // kBytes reads one, kEither goes on at `next` and `other`, kEmpty accepts
  ByteSet bytes;
  int next = -1, other = -1;
};

class Steps {
 public:
  explicit Steps(const RegexNode& root) { start_ = add(root, push({Kind::kEmpty, {}, -1, -1})); }
  int start() const { return start_; }
  const Step& operator[](int i) const { return steps_[static_cast<size_t>(i)]; }
  const std::vector<Step>& all() const { return steps_; }

 private:
  int push(Step step) {
    if (steps_.size() > 200000) throw CompileError("the regular expression is too large");
    steps_.push_back(step);
    return static_cast<int>(steps_.size()) - 1;
  }

  // Steps for the node which go on at `after`; the first of them.
  int add(const RegexNode& node, int after) {
    switch (node.kind) {
      case Kind::kEmpty:
        return after;
      case Kind::kSequence:
        for (size_t i = node.parts.size(); i-- > 0;) after = add(node.parts[i], after);
        return after;
      case Kind::kEither: {
        int first = add(node.parts[0], after);
        for (size_t i = 1; i < node.parts.size(); ++i)
          first = push({Kind::kEither, {}, first, add(node.parts[i], after)});
        return first;
      }
      case Kind::kRepeat:
        return add_repeat(node, after);
      default:
        return push({node.kind, node.bytes, after, -1});
    }
  }

  int add_repeat(const RegexNode& node, int after) {
    int first = after;
    if (node.most < 0) {
      first = push({Kind::kEither, {}, -1, after});
      const int body = add(node.parts[0], first);
      steps_[static_cast<size_t>(first)].next = body;
    } else {
      for (int i = node.least; i < node.most; ++i)
        first = push({Kind::kEither, {}, add(node.parts[0], first), after});
    }
    for (int i = 0; i < node.least; ++i) first = add(node.parts[0], first);
    return first;
  }

  std::vector<Step> steps_;
  int start_ = 0;
};

class Table {
 public:
  explicit Table(const Steps& steps) : steps_(steps) { number_kinds(); }

  RegexAutomaton build() {
    state_of({steps_.start()}, Side::kEdge);
    for (size_t state = 0; state < states_.size(); ++state) {
      const auto [reached, before] = states_[state];
      automaton_.accepts.push_back(accepts(reached, before));
      for (int kind = 0; kind < automaton_.kind_count; ++kind)
        automaton_.next.push_back(after(reached, before, examples_[static_cast<size_t>(kind)]));
    }
    return std::move(automaton_);
  }

 private:
  using Reached = std::set<int>;

  void number_kinds() {
    std::map<std::vector<bool>, int> numbers;
    for (int byte = 0; byte < 256; ++byte) {
      std::vector<bool> traits{is_word_byte(byte)};
      for (const Step& step : steps_.all()) {
        if (step.kind == Kind::kBytes) traits.push_back(step.bytes[static_cast<size_t>(byte)]);
      }
      const auto [it, fresh] = numbers.emplace(std::move(traits), static_cast<int>(numbers.size()));
      if (fresh) examples_.push_back(byte);
      automaton_.kinds[static_cast<size_t>(byte)] = static_cast<uint8_t>(it->second);
    }
    automaton_.kind_count = static_cast<int>(numbers.size());
  }

  uint16_t state_of(Reached reached, Side before) {
    const auto key = std::make_pair(std::move(reached), before);
    const auto [it, fresh] = numbers_.emplace(key, states_.size());
    if (fresh) states_.push_back(key);
    if (states_.size() > 65535) throw CompileError("the regular expression needs too many states");
    return static_cast<uint16_t>(it->second);
  }

  static bool holds(Kind kind, Side before, Side behind) {
    const bool boundary = (before == Side::kWord) != (behind == Side::kWord);
    switch (kind) {
      case Kind::kBeginOfText:
        return before == Side::kEdge;
      case Kind::kEndOfText:
        return behind == Side::kEdge;
      case Kind::kWordBoundary:
        return boundary;
      default:
        return !boundary;
    }
  }

  // All steps that can be reached without reading, given what stands on both sides.
  Reached closure(const Reached& from, Side before, Side behind) const {
    Reached all;
    std::vector<int> open(from.begin(), from.end());
    while (!open.empty()) {
      const int at = open.back();
      open.pop_back();
      if (!all.insert(at).second) continue;
      const Step& step = steps_[at];
      if (step.kind == Kind::kBytes || step.kind == Kind::kEmpty) continue;
      if (step.kind == Kind::kEither) {
        open.push_back(step.next);
        open.push_back(step.other);
      } else if (holds(step.kind, before, behind)) {
        open.push_back(step.next);
      }
    }
    return all;
  }

  bool accepts(const Reached& reached, Side before) const {
    for (const int at : closure(reached, before, Side::kEdge)) {
      if (steps_[at].kind == Kind::kEmpty) return true;
    }
    return false;
  }

  uint16_t after(const Reached& reached, Side before, int byte) {
    Reached read;
    for (const int at : closure(reached, before, side_of(byte))) {
      const Step& step = steps_[at];
      if (step.kind == Kind::kBytes && step.bytes[static_cast<size_t>(byte)])
        read.insert(step.next);
    }
    return state_of(std::move(read), side_of(byte));
  }

  const Steps& steps_;
  RegexAutomaton automaton_;
  std::vector<int> examples_;  // a byte of each kind
  std::vector<std::pair<Reached, Side>> states_;
  std::map<std::pair<Reached, Side>, size_t> numbers_;
};

}  // namespace

RegexAutomaton compile_regex(const std::string& pattern) {
  const Steps steps(parse_regex(pattern));
  return Table(steps).build();
}

}  // namespace onnxc
