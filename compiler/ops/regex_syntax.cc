// Recursive descent over a pattern.
#include "compiler/ops/regex_syntax.h"

#include <string_view>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

using Kind = RegexNode::Kind;

ByteSet range(int first, int last) {
  ByteSet set;
  for (int b = first; b <= last; ++b) set.set(static_cast<size_t>(b));
  return set;
}

RegexNode bytes(ByteSet set) { return {Kind::kBytes, set, {}, 0, 0}; }
RegexNode sequence(std::vector<RegexNode> parts) {
  return {Kind::kSequence, {}, std::move(parts), 0, 0};
}
RegexNode either(std::vector<RegexNode> parts) {
  return {Kind::kEither, {}, std::move(parts), 0, 0};
}

// A character of more than one byte, any.
RegexNode beyond_ascii() {
  const RegexNode tail = bytes(range(0x80, 0xbf));
  return either({sequence({bytes(range(0xc2, 0xdf)), tail}),
                 sequence({bytes(range(0xe0, 0xef)), tail, tail}),
                 sequence({bytes(range(0xf0, 0xf4)), tail, tail, tail})});
}

// A character class: ASCII characters, single longer ones, and perhaps all longer ones.
struct Class {
  ByteSet ascii;
  std::vector<std::string> longer;
  bool all_longer = false;

  RegexNode node() const {
    std::vector<RegexNode> choices{bytes(ascii)};
    for (const std::string& c : longer) {
      std::vector<RegexNode> parts;
      for (const unsigned char b : c) parts.push_back(bytes(range(b, b)));
      choices.push_back(sequence(std::move(parts)));
    }
    if (all_longer) choices.push_back(beyond_ascii());
    return choices.size() == 1 ? choices[0] : either(std::move(choices));
  }
};

ByteSet word_bytes() {
  ByteSet set;
  for (int b = 0; b < 128; ++b) set.set(static_cast<size_t>(b), is_word_byte(b));
  return set;
}

ByteSet space_bytes() { return range('\t', '\n') | range('\f', '\r') | range(' ', ' '); }

class Parser {
 public:
  explicit Parser(const std::string& pattern) : pattern_(pattern) {}

  RegexNode run() {
    RegexNode node = alternatives();
    if (at_ < pattern_.size()) fail("an unmatched )");
    return node;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw CompileError("regular expression \"{}\": {} at position {}", pattern_, what, at_);
  }
  bool at_end() const { return at_ == pattern_.size(); }
  char peek() const { return pattern_[at_]; }
  char take() {
    if (at_end()) fail("the pattern ends unexpectedly");
    return pattern_[at_++];
  }
  bool eat(std::string_view text) {
    if (pattern_.compare(at_, text.size(), text) != 0) return false;
    at_ += text.size();
    return true;
  }

  RegexNode alternatives() {
    std::vector<RegexNode> choices;
    do choices.push_back(terms());
    while (eat("|"));
    return choices.size() == 1 ? choices[0] : either(std::move(choices));
  }

  RegexNode terms() {
    std::vector<RegexNode> parts;
    while (!at_end() && peek() != '|' && peek() != ')') parts.push_back(quantified());
    return sequence(std::move(parts));
  }

  RegexNode quantified() {
    RegexNode node = atom();
    for (;;) {
      int least = 0, most = -1;
      if (eat("*")) {
      } else if (eat("+")) {
        least = 1;
      } else if (eat("?")) {
        most = 1;
      } else if (!counts(&least, &most)) {
        return node;
      }
      eat("?");  // lazy: the same texts match
      node = {Kind::kRepeat, {}, {std::move(node)}, least, most};
    }
  }

  // {2}, {2,} or {2,5}; anything else is literal.
  bool counts(int* least, int* most) {
    const size_t begin = at_;
    const auto number = [&](int* value) {
      const size_t first = at_;
      for (*value = 0; !at_end() && peek() >= '0' && peek() <= '9' && *value <= 1000;)
        *value = *value * 10 + (take() - '0');
      if (*value > 1000) fail("a repetition of more than 1000");
      return at_ > first;
    };
    if (eat("{") && number(least)) {
      *most = *least;
      if (eat(",") && !number(most)) *most = -1;
      if (eat("}")) {
        if (*most >= 0 && *most < *least) fail("a repetition with its bounds exchanged");
        return true;
      }
    }
    at_ = begin;
    return false;
  }

  RegexNode atom() {
    if (eat("(")) {
      if (eat("?") && !eat(":")) {
        if (!eat("P<") && !eat("<")) fail("an unknown kind of group");
        while (take() != '>') {
        }
      }
      RegexNode node = alternatives();
      if (!eat(")")) fail("a group without )");
      return node;
    }
    if (eat("[")) return char_class().node();
    if (eat(".")) return without_newline();
    if (eat("^")) return {Kind::kBeginOfText, {}, {}, 0, 0};
    if (eat("$")) return {Kind::kEndOfText, {}, {}, 0, 0};
    if (eat("\\")) return escape();
    if (peek() == '*' || peek() == '+' || peek() == '?') fail("nothing to repeat");
    return character().node();
  }

  static RegexNode without_newline() {
    Class c;
    c.ascii = range(0, 127) & ~range('\n', '\n');
    c.all_longer = true;
    return c.node();
  }

  // One character of the pattern as it stands.
  Class character() {
    Class c;
    const auto first = static_cast<unsigned char>(take());
    if (first < 0x80) {
      c.ascii.set(first);
      return c;
    }
    std::string whole(1, static_cast<char>(first));
    while (!at_end() && (static_cast<unsigned char>(peek()) & 0xc0) == 0x80) whole += take();
    c.longer.push_back(whole);
    return c;
  }

  RegexNode escape() {
    if (eat("b")) return {Kind::kWordBoundary, {}, {}, 0, 0};
    if (eat("B")) return {Kind::kNoWordBoundary, {}, {}, 0, 0};
    if (eat("A")) return {Kind::kBeginOfText, {}, {}, 0, 0};
    if (eat("z")) return {Kind::kEndOfText, {}, {}, 0, 0};
    if (eat("Q")) {
      std::vector<RegexNode> parts;
      while (!at_end() && !eat("\\E")) parts.push_back(character().node());
      return sequence(std::move(parts));
    }
    return escaped_class().node();
  }

  static Class complement(ByteSet set) {
    Class c;
    c.ascii = range(0, 127) & ~set;
    c.all_longer = true;
    return c;
  }

  // After the backslash: a class, or one character.
  Class escaped_class() {
    Class c;
    const char letter = take();
    switch (letter) {
      case 'd':
        c.ascii = range('0', '9');
        return c;
      case 'D':
        return complement(range('0', '9'));
      case 'w':
        c.ascii = word_bytes();
        return c;
      case 'W':
        return complement(word_bytes());
      case 's':
        c.ascii = space_bytes();
        return c;
      case 'S':
        return complement(space_bytes());
      default:
        c.ascii.set(static_cast<size_t>(control_character(letter)));
        return c;
    }
  }

  int control_character(char letter) {
    switch (letter) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'r':
        return '\r';
      case 'f':
        return '\f';
      case 'v':
        return '\v';
      case 'a':
        return '\a';
      case 'x': {
        const int high = hexadecimal(take()), low = hexadecimal(take());
        if (high * 16 + low > 127) fail("an escape beyond ASCII");
        return high * 16 + low;
      }
      default:
        if (is_word_byte(static_cast<unsigned char>(letter)) || (letter & 0x80) != 0)
          fail("an unknown escape");
        return letter;
    }
  }

  int hexadecimal(char c) const {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    fail("no hexadecimal digit");
  }

  Class char_class() {
    const bool negated = eat("^");
    Class c;
    for (bool first = true; first || !eat("]"); first = false) {
      if (eat("[:")) {
        c.ascii |= named_class();
        continue;
      }
      const Class one = eat("\\") ? escaped_class() : character();
      const bool is_range = one.ascii.count() == 1 && at_ + 1 < pattern_.size() && peek() == '-' &&
                            pattern_[at_ + 1] != ']';
      if (is_range) {
        take();
        const Class end = eat("\\") ? escaped_class() : character();
        c.ascii |= range(only(one), only(end));
        continue;
      }
      c.ascii |= one.ascii;
      c.all_longer |= one.all_longer;
      c.longer.insert(c.longer.end(), one.longer.begin(), one.longer.end());
      if (at_end()) fail("a class without ]");
    }
    if (!negated) return c;
    if (!c.longer.empty()) fail("a negated class with characters beyond ASCII");
    c.ascii = range(0, 127) & ~c.ascii;
    c.all_longer = !c.all_longer;
    return c;
  }

  int only(const Class& c) const {
    if (c.ascii.count() != 1 || !c.longer.empty()) fail("a range beyond ASCII");
    for (int b = 0; b < 128; ++b) {
      if (c.ascii[static_cast<size_t>(b)]) return b;
    }
    return 0;
  }

  ByteSet named_class() {
    const ByteSet digits = range('0', '9'), upper = range('A', 'Z'), lower = range('a', 'z');
    if (eat("alnum:]")) return digits | upper | lower;
    if (eat("alpha:]")) return upper | lower;
    if (eat("digit:]")) return digits;
    if (eat("lower:]")) return lower;
    if (eat("upper:]")) return upper;
    if (eat("space:]")) return space_bytes() | range('\v', '\v');
    if (eat("word:]")) return word_bytes();
    if (eat("xdigit:]")) return digits | range('A', 'F') | range('a', 'f');
    if (eat("punct:]")) return range('!', '~') & ~(digits | upper | lower);
    fail("an unknown named class");
  }

  const std::string& pattern_;
  size_t at_ = 0;
};

}  // namespace

bool is_word_byte(int byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= 'a' && byte <= 'z') || byte == '_';
}

RegexNode parse_regex(const std::string& pattern) { return Parser(pattern).run(); }

}  // namespace onnxc
