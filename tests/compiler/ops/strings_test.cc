// Operators on strings: patterns against what Python's re says, numbers as text against the C++
// library, splitting against Python's str.split.
#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <random>

#include "compiler/eval/evaluate.h"
#include "compiler/ops/regex.h"
#include "compiler/support/diagnostics.h"
#include "templates/cpu/text.h"
#include "templates/cpu/text_numbers.h"
#include "tests/support/lowered.h"

namespace onnxc::testing {
namespace {

bool matches(const RegexAutomaton& automaton, const std::string& text) {
  size_t state = 0;
  for (const unsigned char c : text)
    state = automaton.next[state * static_cast<size_t>(automaton.kind_count) + automaton.kinds[c]];
  return automaton.accepts[state];
}

TEST(Regex, AcceptsWhatPythonMatchesInFull) {
  struct Row {
    std::string pattern, text;
    bool accepted;
  };
  // Recorded from re.fullmatch(pattern, text, re.ASCII).
  const Row rows[] = {
      {R"re(www\.[\w.-]+\.\bcom\b)re", "www.google.com", true},
      {R"re(www\.[\w.-]+\.\bcom\b)re", "www.facebook.com", true},
      {R"re(www\.[\w.-]+\.\bcom\b)re", "www.bbc.co.uk", false},
      {R"re(www\.[\w.-]+\.\bcom\b)re", "www..com", false},
      {R"re(www\.[\w.-]+\.\bcom\b)re", "www.a.com.", false},
      {R"re((\W|^)[\w.\-]{0,25}@(yahoo|gmail)\.com(\W|$))re", "account@gmail.com", true},
      {R"re((\W|^)[\w.\-]{0,25}@(yahoo|gmail)\.com(\W|$))re", "account@hotmail.com", false},
      {R"re((\W|^)[\w.\-]{0,25}@(yahoo|gmail)\.com(\W|$))re", "not email", false},
      {R"re((\W|^)[\w.\-]{0,25}@(yahoo|gmail)\.com(\W|$))re", "account2@yahoo.com", true},
      {R"re((\W|^)[\w.\-]{0,25}@(yahoo|gmail)\.com(\W|$))re", "@gmail.com", true},
      {R"re((\W|^)[\w.\-]{0,25}@(yahoo|gmail)\.com(\W|$))re", " a@gmail.com ", true},
      {R"re(a{2,3}b*?c+|[^a-y]?z)re", "aac", true},
      {R"re(a{2,3}b*?c+|[^a-y]?z)re", "aaabbcc", true},
      {R"re(a{2,3}b*?c+|[^a-y]?z)re", "ac", false},
      {R"re(a{2,3}b*?c+|[^a-y]?z)re", "aaaac", false},
      {R"re(a{2,3}b*?c+|[^a-y]?z)re", "zz", true},
      {R"re(a{2,3}b*?c+|[^a-y]?z)re", "z", true},
      {R"re(a{2,3}b*?c+|[^a-y]?z)re", "az", false},
      {R"re(a{2,3}b*?c+|[^a-y]?z)re", "", false},
      {R"re((?:ab|a)(?:c|bcd)(d*))re", "abcd", true},
      {R"re((?:ab|a)(?:c|bcd)(d*))re", "abc", true},
      {R"re((?:ab|a)(?:c|bcd)(d*))re", "acdd", true},
      {R"re((?:ab|a)(?:c|bcd)(d*))re", "ab", false},
      {R"re(\d{3}-\d{4}|\(\d+\)\s?)re", "555-1234", true},
      {R"re(\d{3}-\d{4}|\(\d+\)\s?)re", "555-123", false},
      {R"re(\d{3}-\d{4}|\(\d+\)\s?)re", "(42) ", true},
      {R"re(\d{3}-\d{4}|\(\d+\)\s?)re", "(42)\011", true},
      {R"re(\d{3}-\d{4}|\(\d+\)\s?)re", "()", false},
      {R"re(caf[eé]\b.)re", "cafe ", true},
      {R"re(caf[eé]\b.)re", "caf\303\251!", false},
      {R"re(caf[eé]\b.)re", "cafex", false},
      {R"re(caf[eé]\b.)re", "caf", false},
      {R"re(x*)re", "", true},
      {R"re(x*)re", "xxx", true},
      {R"re(x*)re", "xy", false},
      {R"re(\Bab\b)re", "ab", false},
      {R"re(\Bab\b)re", "bab", false},
      {R"re([[:alpha:]]+)re", "abc", true},
      {R"re([[:alpha:]]+)re", "ab1", false},
      {R"re([\]a-]+)re", "a]-", true},
      {R"re([\]a-]+)re", "b", false},
      {R"re(a.c)re", "abc", true},
      {R"re(a.c)re", "a\012c", false},
      {R"re(a.c)re", "a\342\202\254c", true},
      {R"re(a.c)re", "ac", false},
  };
  for (const Row& row : rows)
    EXPECT_EQ(matches(compile_regex(row.pattern), row.text), row.accepted)
        << row.pattern << " on \"" << row.text << '"';
}

TEST(Regex, RefusesWhatItDoesNotKnow) {
  for (const char* pattern : {"(a", "a)", "[a", "*a", "(?i)a", "\\p{Greek}", "a{3,2}", "\\1"})
    EXPECT_THROW(compile_regex(pattern), CompileError) << pattern;
}

template <class T>
std::string text_of(T x) {
  uint8_t bytes[kNumberTextBytes];
  String s;
  numbers_to_text(&x, &s, bytes, 1);
  return {s.data, s.size};
}

template <class T>
T number_in(const std::string& text) {
  const String s = {text.data(), text.size()};
  T x;
  text_to_numbers(&s, &x, 1);
  return x;
}

std::string digits_of(const std::string& text) {
  std::string digits;
  for (const char c : text.substr(0, text.find('e'))) {
    if (c >= '0' && c <= '9' && !(digits.empty() && c == '0')) digits += c;
  }
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  return digits;
}

template <class T>
void expect_shortest_and_exact() {
  std::mt19937_64 random(3);
  for (int i = 0; i < 3000; ++i) {
    T x;
    const uint64_t bits = random();
    memcpy(&x, &bits, sizeof x);
    if (!std::isfinite(x)) continue;
    char want[64];
    const auto end = std::to_chars(want, want + 64, x, std::chars_format::scientific);
    EXPECT_EQ(digits_of(text_of(x)), digits_of(std::string(want, end.ptr)));
    EXPECT_EQ(number_in<T>(text_of(x)), x);
    const std::string long_form =
        fmt::format("{}.{}e{}", random() % 1000, random(), static_cast<int>(random() % 600) - 300);
    const T exact = sizeof(T) == 4 ? static_cast<T>(std::strtof(long_form.c_str(), nullptr))
                                   : static_cast<T>(std::strtod(long_form.c_str(), nullptr));
    EXPECT_EQ(number_in<T>(long_form), exact) << long_form;
  }
}

TEST(TextNumbers, AreShortestAndReadBackExactly) {
  expect_shortest_and_exact<float>();
  expect_shortest_and_exact<double>();
}

// As str() of NumPy's scalars writes them, but for the words that ONNX reserves.
TEST(TextNumbers, LookAsNumPyWritesThem) {
  EXPECT_EQ(text_of(1.0f), "1.0");
  EXPECT_EQ(text_of(0.1f), "0.1");
  EXPECT_EQ(text_of(1e16f), "1e+16");
  EXPECT_EQ(text_of(1e15), "1000000000000000.0");
  EXPECT_EQ(text_of(-9.9e-5f), "-9.9e-05");
  EXPECT_EQ(text_of(1e-4f), "0.0001");
  EXPECT_EQ(text_of(from_float<Float16>(0.333f)), "0.333");
  EXPECT_EQ(text_of(-INFINITY), "-INF");
  EXPECT_EQ(text_of(std::nan("")), "NaN");
  EXPECT_EQ(text_of(INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(text_of(uint8_t{200}), "200");
  EXPECT_EQ(text_of(true), "True");
}

TEST(TextNumbers, ReadOnnxsWordsAndWholeNumbers) {
  EXPECT_EQ(number_in<float>("+inf"), INFINITY);
  EXPECT_EQ(number_in<double>("-INF"), -INFINITY);
  EXPECT_TRUE(std::isnan(number_in<float>("NaN")));
  EXPECT_TRUE(std::isnan(number_in<float>("Hello")));
  EXPECT_EQ(number_in<int64_t>("-9223372036854775807"), -9223372036854775807);
  EXPECT_EQ(number_in<int32_t>("100.5"), 100);
  EXPECT_EQ(number_in<float>("1E8"), 1e8f);
}

std::vector<std::string> split(const std::string& graph, const std::string& text) {
  return evaluate(lower_text(graph, 20), {Tensor::of_strings({1}, {text})}).at(0).strings();
}

// Recorded from Python's str.split.
TEST(StringSplit, SplitsAsPythonDoes) {
  using Strings = std::vector<std::string>;
  const std::string plain =
      "(string[1] x) => (string[1,P] y, int64[1] n) { y, n = StringSplit(x) }";
  EXPECT_EQ(split(plain, "  a b\t c  "), (Strings{"a", "b", "c"}));
  const std::string dots =
      "(string[1] x) => (string[1,P] y, int64[1] n) { y, n = StringSplit<delimiter=\".\">(x) }";
  EXPECT_EQ(split(dots, "a..b."), (Strings{"a", "", "b", ""}));
  EXPECT_EQ(split(dots, ""), Strings{""});
  const std::string once =
      "(string[1] x) => (string[1,P] y, int64[1] n)"
      "{ y, n = StringSplit<delimiter=\"ab\", maxsplit=1>(x) }";
  EXPECT_EQ(split(once, "1ab2ab3"), (Strings{"1", "2ab3"}));
  const std::string spaces =
      "(string[1] x) => (string[1,P] y, int64[1] n) { y, n = StringSplit<maxsplit=1>(x) }";
  EXPECT_EQ(split(spaces, " a b  c "), (Strings{"a", "b  c "}));
}

// Recorded from Python's str.upper and str.lower, which but for "ß" change no letter's length here.
TEST(StringNormalizer, ChangesTheCaseOfLettersThatKeepTheirLength) {
  const auto changed = [](const char* action, const std::string& text) {
    const std::string graph = std::string(
                                  "(string[1] x) => (string[1] y) {"
                                  "y = StringNormalizer<case_change_action=\"") +
                              action + "\">(x) }";
    return evaluate(lower_text(graph), {Tensor::of_strings({1}, {text})}).at(0).strings()[0];
  };
  EXPECT_EQ(changed("UPPER", "straße Ärger éa ž ω ж ё €"), "STRAßE ÄRGER ÉA Ž Ω Ж Ё €");
  EXPECT_EQ(changed("LOWER", "ÀÉÎ ŠŽ ΑΩ ЖЁ €5"), "àéî šž αω жё €5");
}

TEST(StringConcat, SaysWhenItsRoomIsFull) {
  const std::string text(100, 'x');
  const String s = {text.data(), text.size()};
  String y;
  uint8_t bytes[150];
  EXPECT_EQ(string_concat(&s, &s, &y, bytes, 1, 150), -1);
  uint8_t enough[200];
  EXPECT_EQ(string_concat(&s, &s, &y, enough, 1, 200), 0);
  EXPECT_EQ(std::string(y.data, y.size), text + text);
}

}  // namespace
}  // namespace onnxc::testing
