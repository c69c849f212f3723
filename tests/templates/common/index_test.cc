// Integer division for sizes and indices.
#include "templates/common/index.h"

#include <gtest/gtest.h>

#include <cmath>

namespace onnxc {
namespace {

TEST(Index, DivisionRoundsAsNamed) {
  for (int64_t a = -9; a <= 9; ++a) {
    for (int64_t b = -4; b <= 4; ++b) {
      if (b == 0) continue;
      const double quotient = double(a) / double(b);
      EXPECT_EQ(floor_div(a, b), int64_t(std::floor(quotient))) << a << " " << b;
      EXPECT_EQ(ceil_div(a, b), int64_t(std::ceil(quotient))) << a << " " << b;
      EXPECT_EQ(floor_mod(a, b), a - b * floor_div(a, b)) << a << " " << b;
    }
  }
}

TEST(Index, ClampAndWrap) {
  EXPECT_EQ(clamp(5, 0, 3), 3);
  EXPECT_EQ(clamp(-5, 0, 3), 0);
  EXPECT_EQ(clamp(2, 0, 3), 2);
  EXPECT_EQ(clamp(2, 0, -1), 0);
  EXPECT_EQ(wrap_index(-1, 4), 3);
  EXPECT_EQ(wrap_index(2, 4), 2);
}

}  // namespace
}  // namespace onnxc
