// Operators on strings. Those that make strings put their bytes into a buffer of the workspace; -1
// is returned where it, or the room for results, is too small.
#pragma once

#include "templates/common/string.h"

namespace onnxc {

// y[i] = a[i] followed by b[i]. Returns 0 or -1.
[[maybe_unused]] inline int64_t string_concat(const String* a, const String* b, String* y,
                                              uint8_t* bytes, int64_t count, int64_t capacity) {
  StringBytes made(bytes, capacity);
  for (int64_t i = 0; i < count; ++i) {
    made.add(a[i].data, a[i].size);
    made.add(b[i].data, b[i].size);
    y[i] = made.take();
  }
  return made.full() ? -1 : 0;
}

// Walks the parts of a text between delimiters; with an empty delimiter, between runs of white
// space. After `limit` splits the rest is one part. As Python's
// str.split.
class Parts {
 public:
  Parts(String text, String delimiter, int64_t limit)
      : text_(text), delimiter_(delimiter), left_(limit), at_(begin_of_part(0)) {}

  bool next(String* part) {
    if (done_) return false;
    if (delimiter_.size == 0 && at_ == text_.size) return false;
    uint64_t end = at_;
    while (end < text_.size && !(left_ != 0 && separates(end))) ++end;
    *part = {text_.data + at_, end - at_};
    if (end == text_.size) done_ = true;
    --left_;
    at_ = begin_of_part(end == text_.size ? end : end + separator_size());
    return true;
  }

 private:
  static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  uint64_t separator_size() const { return delimiter_.size == 0 ? 1 : delimiter_.size; }
  bool separates(uint64_t at) const {
    if (delimiter_.size == 0) return is_space(text_.data[at]);
    return text_.size - at >= delimiter_.size &&
           eq(String{text_.data + at, delimiter_.size}, delimiter_);
  }
  uint64_t begin_of_part(uint64_t at) const {
    while (delimiter_.size == 0 && at < text_.size && is_space(text_.data[at])) ++at;
    return at;
  }

  String text_, delimiter_;
  int64_t left_;
  uint64_t at_;
  bool done_ = false;
};

// The parts of each text in a row of y, padded with empty strings, and their number. Returns the
// length of the rows, which is at most `widest`, or -1.
[[maybe_unused]] inline int64_t string_split(const String* x, const String* delimiter, String* y,
                                             int64_t* counts, int64_t count, int64_t limit,
                                             int64_t widest) {
  int64_t width = 0;
  for (int64_t i = 0; i < count; ++i) {
    Parts parts(x[i], *delimiter, limit);
    counts[i] = 0;
    for (String part; parts.next(&part);) ++counts[i];
    if (counts[i] > width) width = counts[i];
  }
  if (width > widest) return -1;
  for (int64_t i = 0; i < count; ++i) {
    Parts parts(x[i], *delimiter, limit);
    int64_t k = 0;
    for (String part; parts.next(&part);) y[i * width + k++] = part;
    for (; k < width; ++k) y[i * width + k] = {"", 0};
  }
  return width;
}

// The letter that the two bytes of a UTF-8 sequence stand for, or the one byte, in the other case.
// Latin, Greek and Cyrillic letters whose two cases have the same length are known.
[[maybe_unused]] inline uint32_t lower_letter(uint32_t c) {
  const bool simple = (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) ||
                      (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f);
  if (simple) return c + 0x20;
  if (c >= 0x400 && c <= 0x40f) return c + 0x50;
  const bool even = (c >= 0x100 && c <= 0x137 && c != 0x130) || (c >= 0x14a && c <= 0x177);
  if (even) return c | 1;
  const bool odd = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
  return odd && (c & 1) ? c + 1 : c;
}
[[maybe_unused]] inline uint32_t upper_letter(uint32_t c) {
  const bool simple = (c >= 'a' && c <= 'z') || (c >= 0xe0 && c <= 0xfe && c != 0xf7) ||
                      (c >= 0x3b1 && c <= 0x3c9 && c != 0x3c2) || (c >= 0x430 && c <= 0x44f);
  if (simple) return c - 0x20;
  if (c >= 0x450 && c <= 0x45f) return c - 0x50;
  const bool even = (c >= 0x100 && c <= 0x137 && c != 0x131) || (c >= 0x14a && c <= 0x177);
  if (even) return c & ~1u;
  const bool odd = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
  return odd && !(c & 1) ? c - 1 : c;
}

struct KeepCase {
  static uint32_t letter(uint32_t c) { return c; }
};
struct LowerCase {
  static uint32_t letter(uint32_t c) { return lower_letter(c); }
};
struct UpperCase {
  static uint32_t letter(uint32_t c) { return upper_letter(c); }
};

// The letters of a text in their new case, one after the other; other sequences byte by byte.
template <class Case>
class Letters {
 public:
  explicit Letters(String text) : text_(text) {}

  // Writes the next one or two bytes and returns their number, 0 at the end.
  uint64_t next(char* bytes) {
    if (at_ == text_.size) return 0;
    const uint8_t first = uint8_t(text_.data[at_]);
    if (first < 0xc2 || first > 0xdf || at_ + 1 == text_.size) {
      bytes[0] = first < 0x80 ? char(Case::letter(first)) : text_.data[at_];
      ++at_;
      return 1;
    }
    const uint32_t c = Case::letter(uint32_t(first & 0x1f) << 6 | (text_.data[at_ + 1] & 0x3f));
    bytes[0] = char(0xc0 | c >> 6);
    bytes[1] = char(0x80 | (c & 0x3f));
    at_ += 2;
    return 2;
  }

 private:
  String text_;
  uint64_t at_ = 0;
};

struct ExactCase {
  static bool same(String a, String b) { return eq(a, b); }
};
struct AnyCase {
  static bool same(String a, String b) {
    Letters<LowerCase> x(a), y(b);
    for (;;) {
      char p[2] = {}, q[2] = {};
      const uint64_t size = x.next(p);
      if (size != y.next(q) || p[0] != q[0] || p[1] != q[1]) return false;
      if (size == 0) return true;
    }
  }
};

// The strings that are none of `stops`, in another case; a single empty one if none is left.
// Returns their number, or -1.
template <class Compare, class Case>
inline int64_t string_normalize(const String* x, const String* stops, String* y, uint8_t* bytes,
                                int64_t count, int64_t stop_count, int64_t capacity, Compare,
                                Case) {
  StringBytes made(bytes, capacity);
  int64_t kept = 0;
  for (int64_t i = 0; i < count; ++i) {
    bool stop = false;
    for (int64_t k = 0; k < stop_count && !stop; ++k) stop = Compare::same(x[i], stops[k]);
    if (stop) continue;
    Letters<Case> letters(x[i]);
    char letter[2];
    while (const uint64_t size = letters.next(letter)) made.add(letter, size);
    y[kept++] = made.take();
  }
  if (kept == 0) y[kept++] = {"", 0};
  return made.full() ? -1 : kept;
}

// Whether each text as a whole is accepted by an automaton that starts in state 0: `kinds` maps a
// byte to one of `kind_count` kinds, `next` a state and a kind to a state, `accepts` tells the
// final ones.
[[maybe_unused]] inline void regex_full_match(const String* x, bool* y, const uint8_t* kinds,
                                              const uint16_t* next, const bool* accepts,
                                              int64_t count, int64_t kind_count) {
  for (int64_t i = 0; i < count; ++i) {
    int64_t state = 0;
    for (uint64_t k = 0; k < x[i].size; ++k)
      state = next[state * kind_count + kinds[uint8_t(x[i].data[k])]];
    y[i] = accepts[state];
  }
}

}  // namespace onnxc
