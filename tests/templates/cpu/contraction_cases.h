// All tests of the contraction kernels. The including file sets kTestLanes and ONNXC_TEST_NAME, and
// ONNXC_REQUIRE_TARGET, which skips where the CPU lacks what the file is compiled for.
#pragma once

#include "tests/templates/cpu/attention_cases.h"
#include "tests/templates/cpu/conv2d_depthwise_cases.h"
#include "tests/templates/cpu/conv2d_direct_cases.h"
#include "tests/templates/cpu/conv2d_first_cases.h"
#include "tests/templates/cpu/conv2d_grouped_cases.h"
#include "tests/templates/cpu/conv_transpose2d_cases.h"
#include "tests/templates/cpu/matmul_cases.h"
