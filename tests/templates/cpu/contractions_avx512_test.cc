// The contraction kernels at 16 lanes, compiled for AVX-512.
#include <gtest/gtest.h>
#if defined(__x86_64__)
#include <cmath>
#include <string>
#include <vector>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx2,fma")
#endif

constexpr int kTestLanes = 16;
#define ONNXC_TEST_NAME(name) name##Avx512
#define ONNXC_REQUIRE_TARGET() \
  if (!__builtin_cpu_supports("avx512f")) GTEST_SKIP() << "this CPU has no AVX-512"
#include "tests/templates/cpu/contraction_cases.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
