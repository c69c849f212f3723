// The contraction kernels at 8 lanes, compiled for AVX2 with FMA.
#include <gtest/gtest.h>
#if defined(__x86_64__)
#include <cmath>
#include <string>
#include <vector>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

constexpr int kTestLanes = 8;
#define ONNXC_TEST_NAME(name) name##Avx2
#define ONNXC_REQUIRE_TARGET()                                           \
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) \
  GTEST_SKIP() << "this CPU has no AVX2 with FMA"
#include "tests/templates/cpu/contraction_cases.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
