// Dimensions as text: precedence, floor division, unknown symbols, overflow and nonsense.
#include "runtime/dim_text.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace onnxc::runtime {
namespace {

std::optional<int64_t> evaluate(std::string_view text) {
  static const std::map<std::string, int64_t, std::less<>> kSymbols = {
      {"batch", 3}, {"seq", 7}, {"odd name+1", 11}};
  return evaluate_dim(text, [](std::string_view name) -> std::optional<int64_t> {
    const auto found = kSymbols.find(name);
    if (found == kSymbols.end()) return std::nullopt;
    return found->second;
  });
}

TEST(DimText, KnowsNumbersSymbolsAndArithmetic) {
  EXPECT_EQ(evaluate("12"), 12);
  EXPECT_EQ(evaluate("batch"), 3);
  EXPECT_EQ(evaluate("2*batch + seq*seq - 1"), 54);
  EXPECT_EQ(evaluate("-batch + 10"), 7);
  EXPECT_EQ(evaluate("seq - batch - 1"), 3);
  EXPECT_EQ(evaluate("odd name+1"), 11);
}

TEST(DimText, DividesTowardsTheFloor) {
  EXPECT_EQ(evaluate("floor_div(seq, 2)"), 3);
  EXPECT_EQ(evaluate("floor_div(-seq, 2)"), -4);
  EXPECT_EQ(evaluate("floor_mod(-seq, 2)"), 1);
  EXPECT_EQ(evaluate("floor_mod(seq, 2*batch)"), 1);
  EXPECT_EQ(evaluate("floor_div(seq, batch - 3)"), std::nullopt);
}

TEST(DimText, NestsFunctions) {
  EXPECT_EQ(evaluate("2*max(floor_div(seq + 1, 2), min(batch, 100)) + 1"), 9);
}

TEST(DimText, IsNothingWhereItIsNoExpression) {
  for (const char* text :
       {"", "+", "batch +", "batch seq", "other", "min(1)", "min(1, 2", "1x", "what(1, 2)", "(1)",
        "9223372036854775808", "9223372036854775807 + 1", "4611686018427387904*2"}) {
    EXPECT_EQ(evaluate(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace onnxc::runtime
