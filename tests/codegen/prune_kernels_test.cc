// What stays of the kernels, and that it stays as it was written.
#include "codegen/prune_kernels.h"

#include <gtest/gtest.h>

namespace onnxc {
namespace {

constexpr char kKernels[] = R"(// --- templates/cpu/a.h
// Small things.

#if defined(__clang__)
#define ONNXC_INLINE inline
#else
#define ONNXC_INLINE static inline
#endif

namespace onnxc {

// One lane or more.
template <class T, int N>
struct VecOf {
  typedef T type;
};
template <class T>
struct VecOf<T, 1> {
  typedef T type;
};

template <class T, int N>
using Vec = typename VecOf<T, N>::type;

// Unused, and the only thing that needs kTable.
ONNXC_INLINE float look_up(int i) {
  return kTable[i];
}

[[maybe_unused]] alignas(64) constexpr float kTable[2] = {1, 2};

}  // namespace onnxc

// --- templates/cpu/b.h
// Nothing that is used.

namespace onnxc {
// Hidden.
namespace detail {

struct Hidden {};

}  // namespace detail
}  // namespace onnxc

// --- templates/cpu/c.h
// More.

namespace onnxc {

// Twice x; `halve` is only mentioned here.
template <int N>
ONNXC_INLINE Vec<float, N> twice(Vec<float, N> x) {
#if defined(__FMA__)
  if (N == 1) return x + x;
#endif
  return 2 * x;
}

float halve(float x);

}  // namespace onnxc
)";

TEST(PruneKernels, KeepsWhatIsReachableWithItsCommentsAndNamespaces) {
  EXPECT_EQ(prune_kernels(kKernels, "onnxc::twice<1>(x); // look_up"), R"(// --- templates/cpu/a.h
// Small things.

#if defined(__clang__)
#define ONNXC_INLINE inline
#else
#define ONNXC_INLINE static inline
#endif

namespace onnxc {

// One lane or more.
template <class T, int N>
struct VecOf {
  typedef T type;
};
template <class T>
struct VecOf<T, 1> {
  typedef T type;
};

template <class T, int N>
using Vec = typename VecOf<T, N>::type;

}  // namespace onnxc

// --- templates/cpu/c.h
// More.

namespace onnxc {

// Twice x; `halve` is only mentioned here.
template <int N>
ONNXC_INLINE Vec<float, N> twice(Vec<float, N> x) {
#if defined(__FMA__)
  if (N == 1) return x + x;
#endif
  return 2 * x;
}

}  // namespace onnxc

)");
}

TEST(PruneKernels, FollowsNamesOfConstantsAndTypes) {
  const std::string text = prune_kernels(kKernels, "look_up(1); detail::Hidden hidden;");
  for (const char* kept :
       {"kTable[2]", "float look_up(int i)", "namespace detail {", "struct Hidden {};"})
    EXPECT_NE(text.find(kept), std::string::npos) << kept;
  for (const char* gone : {"twice", "VecOf", "halve"})
    EXPECT_EQ(text.find(gone), std::string::npos) << gone;
}

TEST(PruneKernels, KeepsOnlyPreprocessorLinesForNothing) {
  const std::string text = prune_kernels(kKernels, "");
  EXPECT_NE(text.find("#define ONNXC_INLINE"), std::string::npos);
  EXPECT_EQ(text.find("namespace"), std::string::npos);
  EXPECT_EQ(text.find("b.h"), std::string::npos);
}

}  // namespace
}  // namespace onnxc
