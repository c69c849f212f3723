// The contraction kernels at four lanes, compiled for the baseline of the machine.
#include <gtest/gtest.h>

constexpr int kTestLanes = 4;
#define ONNXC_TEST_NAME(name) name##FourLanes
#define ONNXC_REQUIRE_TARGET() static_assert(kTestLanes == 4)
#include "tests/templates/cpu/contraction_cases.h"
