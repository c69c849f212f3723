// The syntax of regular expressions: from a pattern to a tree over bytes.
#pragma once

#include <bitset>
#include <memory>
#include <string>
#include <vector>

namespace onnxc {

using ByteSet = std::bitset<256>;

struct RegexNode {
  enum class Kind {
    kEmpty,
    kBytes,  // one byte of `bytes`
    kSequence,
    kEither,
    kRepeat,  // `parts[0]`, `least` to `most` times; most < 0 is any number
    kBeginOfText,
    kEndOfText,
    kWordBoundary,
    kNoWordBoundary
  };
  Kind kind = Kind::kEmpty;
  ByteSet bytes;
  std::vector<RegexNode> parts;
  int least = 0, most = 0;
};

// [0-9A-Za-z_]
bool is_word_byte(int byte);

// CompileError where the pattern is wrong or uses what is not known.
RegexNode parse_regex(const std::string& pattern);

}  // namespace onnxc
