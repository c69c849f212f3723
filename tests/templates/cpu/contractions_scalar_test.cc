// The contraction kernels at one lane, compiled for the baseline of the machine.
#include <gtest/gtest.h>

constexpr int kTestLanes = 1;
#define ONNXC_TEST_NAME(name) name##Scalar
#define ONNXC_REQUIRE_TARGET() static_assert(kTestLanes == 1)
#include "tests/templates/cpu/contraction_cases.h"
