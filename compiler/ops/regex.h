// Regular expressions compiled to automata over bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace onnxc {

// Starts in state 0; next[state * kind_count + kinds[byte]] follows.
struct RegexAutomaton {
  std::array<uint8_t, 256> kinds{};  // bytes that no state tells apart have one kind
  int kind_count = 0;
  std::vector<uint16_t> next;
  std::vector<bool> accepts;
};

// The automaton that accepts the texts which match `pattern` as a whole: RE2's syntax on UTF-8 with
// literals, classes, groups, |, the greedy and lazy quantifiers, ^ $ \A \z \b \B, and no flags.
// CompileError for what is not known, and beyond 65,535 states.
RegexAutomaton compile_regex(const std::string& pattern);

}  // namespace onnxc
