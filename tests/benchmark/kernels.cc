// Times the contraction kernels on the layers of well-known networks beside the FMA peak of the
// same moment: g++ -std=c++17 -O2 -I. tests/benchmark/kernels.cc [-DONNXC_LANES=8]; ./a.out [name
// part].
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef ONNXC_LANES
#define ONNXC_LANES 16
#endif
#if ONNXC_LANES == 16
#define ONNXC_TARGET "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"
#else
#define ONNXC_TARGET "avx2,fma"
#endif
#define ONNXC_PRAGMA(text) _Pragma(#text)
#define ONNXC_CLANG_TARGET(target_text) \
  ONNXC_PRAGMA(clang attribute push(__attribute__((target(target_text))), apply_to = function))
#define ONNXC_GCC_TARGET(target_text) ONNXC_PRAGMA(GCC target(target_text))
#if defined(__clang__)
ONNXC_CLANG_TARGET(ONNXC_TARGET)
#else
ONNXC_GCC_TARGET(ONNXC_TARGET)
#endif

#include "templates/cpu/conv2d_depthwise.h"
#include "templates/cpu/conv2d_direct.h"
#include "templates/cpu/conv2d_first.h"
#include "templates/cpu/conv2d_grouped.h"
#include "templates/cpu/matmul.h"
#include "templates/cpu/matmul_packed.h"

namespace onnxc {
namespace {

constexpr int kBenchLanes = ONNXC_LANES;
constexpr double kSeconds = 0.2;
const char* wanted = "";

double seconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

// Memory of `count` floats, filled with small values that are not denormal.
struct Buffer {
  float* data;
  explicit Buffer(size_t count)
      : data(static_cast<float*>(aligned_alloc(64, (count * 4 + 127) / 64 * 64))) {
    for (size_t i = 0; i < count; ++i) data[i] = float(rand() % 1000) / 1000 - 0.5f;
    __asm__ volatile("" : "+r"(data) : : "memory");
  }
  ~Buffer() { free(data); }
  Buffer(const Buffer&) = delete;
};

double peak_once() {
  constexpr int kChains = kBenchLanes == 16 ? 24 : 12;
  constexpr long kRounds = 60000;
  Vec<float, kBenchLanes> chain[kChains];
  for (int i = 0; i < kChains; ++i) chain[i] = broadcast<kBenchLanes>(float(i) * 0.1f);
  const auto scale = broadcast<kBenchLanes>(1.0000001f), add = broadcast<kBenchLanes>(1e-9f);
  const double begin = seconds();
  for (long round = 0; round < kRounds; ++round) {
#pragma GCC unroll 24
    for (int i = 0; i < kChains; ++i) chain[i] = fma<kBenchLanes>(chain[i], scale, add);
  }
  const double time = seconds() - begin;
  for (int i = 1; i < kChains; ++i) chain[0] += chain[i];
  volatile float sink = chain[0][0];
  (void)sink;
  return double(kRounds) * kChains * 2 * kBenchLanes / time;
}

// Runs `work` until the best time has settled and prints it beside the best peak of the same time.
template <class Work>
void measure(const char* name, double flops, double bytes, const Work& work) {
  double best = 1e9, peak = 0;
  const double begin = seconds();
  for (int round = 0; round < 8 || (seconds() - begin < kSeconds && round < 5000); ++round) {
    if (round % 8 == 0) {
      const double now = peak_once();
      peak = now > peak ? now : peak;
    }
    const double start = seconds();
    work(round);
    __asm__ volatile("" : : : "memory");
    const double time = seconds() - start;
    best = time < best ? time : best;
  }
  printf("%-34s %9.1f us %7.1f GFLOP/s %4.0f %% of %5.1f", name, best * 1e6, flops / best * 1e-9,
         100 * flops / best / peak, peak * 1e-9);
  if (bytes > 0) printf("  %5.1f GB/s", bytes / best * 1e-9);
  printf("\n");
  fflush(stdout);
}

bool skipped(const char* name) { return !strstr(name, wanted); }

// A chain of weight copies larger than the caches, or one copy for a layer that finds its weights
// warm.
struct Weights {
  size_t count, copies;
  Buffer buffer;
  Weights(size_t floats, bool cold)
      : count(floats), copies(cold ? (size_t(40) << 20) / floats + 1 : 1), buffer(count * copies) {}
  const float* at(int round) const { return buffer.data + size_t(round) % copies * count; }
};

template <class Kernel, class Stride>
void direct(const char* network, size_t in, size_t out, size_t size, Kernel kernel, Stride stride) {
  char name[80];
  snprintf(name, sizeof name, "%s %zux%zu/%zu %zu->%zu @%zu", network, size_t(kernel),
           size_t(kernel), size_t(stride), in, out, size / stride);
  if (skipped(name)) return;
  const size_t pad = kernel / 2, out_size = (size + 2 * pad - kernel) / stride + 1;
  const BlockedImage in_image(in, size, size);
  const BlockedImage out_image(out, out_size, out_size);
  const Window window{Extent{kernel, kernel}, Extent{stride, stride}, Extent{fixed<1>, fixed<1>},
                      Extent{pad, pad}};
  Buffer from(in_image.batch_stride), to(out_image.batch_stride), bias(round_up(out, 16));
  Buffer weights(round_up(in, 16) * round_up(out, 16) * kernel * kernel);
  auto epilogue = [&](auto acc, auto at) ONNXC_LAMBDA {
    const auto value = acc + load<decltype(at)::lanes>(bias.data + at.channel);
    return value > 0 ? value : value - value;
  };
  measure(name, 2.0 * double(in * out * kernel * kernel * out_size * out_size), 0, [&](int) {
    conv2d_direct<kBenchLanes>(from.data, weights.data, to.data, 1, in_image, out_image, window, 1,
                               epilogue, OneThread{});
  });
}

template <class Kernel, class Stride>
void first(const char* network, size_t in, size_t out, size_t size, Kernel kernel, Stride stride) {
  char name[80];
  snprintf(name, sizeof name, "%s first %zux%zu/%zu %zu->%zu @%zu", network, size_t(kernel),
           size_t(kernel), size_t(stride), in, out, size / stride);
  if (skipped(name)) return;
  const size_t pad = kernel / 2, out_size = (size + 2 * pad - kernel) / stride + 1;
  const PlainImage in_image(in, size, size);
  const BlockedImage out_image(out, out_size, out_size);
  const Window window{Extent{kernel, kernel}, Extent{stride, stride}, Extent{fixed<1>, fixed<1>},
                      Extent{pad, pad}};
  Buffer from(in_image.batch_stride), to(out_image.batch_stride), bias(round_up(out, 16));
  Buffer weights(in * round_up(out, 16) * kernel * kernel);
  auto epilogue = [&](auto acc, auto at) ONNXC_LAMBDA {
    const auto value = acc + load<decltype(at)::lanes>(bias.data + at.channel);
    return value > 0 ? value : value - value;
  };
  measure(name, 2.0 * double(in * out * kernel * kernel * out_size * out_size), 0, [&](int) {
    conv2d_first<kBenchLanes>(from.data, weights.data, to.data, 1, in_image, out_image, window,
                              epilogue, OneThread{});
  });
}

template <class Kernel, class Stride>
void depthwise(const char* network, size_t channels, size_t size, Kernel kernel, Stride stride) {
  char name[80];
  snprintf(name, sizeof name, "%s depthwise %zux%zu/%zu %zu @%zu", network, size_t(kernel),
           size_t(kernel), size_t(stride), channels, size / stride);
  if (skipped(name)) return;
  const size_t pad = kernel / 2, out_size = (size + 2 * pad - kernel) / stride + 1;
  const BlockedImage in_image(channels, size, size);
  const BlockedImage out_image(channels, out_size, out_size);
  const Window window{Extent{kernel, kernel}, Extent{stride, stride}, Extent{fixed<1>, fixed<1>},
                      Extent{pad, pad}};
  Buffer from(in_image.batch_stride), to(out_image.batch_stride), bias(round_up(channels, 16));
  Buffer weights(round_up(channels, 16) * kernel * kernel);
  auto epilogue = [&](auto acc, auto at) ONNXC_LAMBDA {
    const auto value = acc + load<decltype(at)::lanes>(bias.data + at.channel);
    return value > 0 ? value : value - value;
  };
  measure(name, 2.0 * double(channels * kernel * kernel * out_size * out_size), 0, [&](int) {
    conv2d_depthwise<kBenchLanes>(from.data, weights.data, to.data, 1, in_image, out_image, window,
                                  epilogue, OneThread{});
  });
}

void packed(size_t m, size_t n, size_t k, bool cold) {
  char name[80];
  snprintf(name, sizeof name, "matmul_packed %zux%zux%zu%s", m, n, k, cold ? " cold" : "");
  if (skipped(name)) return;
  const Weights weights(round_up(n, 16) * k, cold);
  Buffer a(m * k), c(m * n), bias(round_up(n, 16));
  auto epilogue = [&](auto acc, auto at) ONNXC_LAMBDA {
    return acc + load<decltype(at)::lanes>(bias.data + at.column);
  };
  measure(name, 2.0 * double(m * n * k), m < 16 ? double(n * k * sizeof(float)) : 0,
          [&](int round) {
            matmul_packed<kBenchLanes>(a.data, k, weights.at(round), c.data, n, m, n, k, epilogue,
                                       OneThread{});
          });
}

void attention(size_t heads, size_t queries, size_t keys, size_t width) {
  char name[80];
  snprintf(name, sizeof name, "matmul q*kt %zux%zux%zux%zu", heads, queries, keys, width);
  const ptrdiff_t row = ptrdiff_t(heads * width), head = ptrdiff_t(width);
  Buffer q(heads * queries * width), kv(heads * keys * width), scores(heads * queries * keys);
  Buffer scratch(max_size(matmul_scratch<kBenchLanes>(width), matmul_scratch<kBenchLanes>(keys)));
  const ThreadScratch thread_scratch{reinterpret_cast<unsigned char*>(scratch.data), nullptr, 0};
  const MatrixStrides score{0, ptrdiff_t(queries * keys), ptrdiff_t(keys), 1};
  auto keep = [](auto acc, auto) ONNXC_LAMBDA { return acc; };
  const double flops = 2.0 * double(heads * queries * keys * width);
  const MatmulShape to_scores{fixed<1>, heads, queries, keys, width};
  if (!skipped(name)) {
    measure(name, flops, 0, [&](int) {
      matmul<kBenchLanes>(q.data, {0, head, row, 1}, kv.data, {0, head, 1, row}, scores.data, score,
                          to_scores, thread_scratch, keep, OneThread{});
    });
  }
  snprintf(name, sizeof name, "matmul p*v %zux%zux%zux%zu", heads, queries, width, keys);
  const MatmulShape to_values{fixed<1>, heads, queries, width, keys};
  if (!skipped(name)) {
    measure(name, flops, 0, [&](int) {
      matmul<kBenchLanes>(scores.data, score, kv.data, {0, head, row, 1}, q.data, {0, head, row, 1},
                          to_values, thread_scratch, keep, OneThread{});
    });
  }
}

void all() {
  first("resnet50", 3, 64, 224, fixed<7>, fixed<2>);
  direct("resnet50", 64, 64, 56, fixed<3>, fixed<1>);
  direct("resnet50", 128, 128, 28, fixed<3>, fixed<1>);
  direct("resnet50", 256, 256, 14, fixed<3>, fixed<1>);
  direct("resnet50", 512, 512, 7, fixed<3>, fixed<1>);
  direct("resnet50", 128, 128, 56, fixed<3>, fixed<2>);
  direct("resnet50", 256, 256, 28, fixed<3>, fixed<2>);
  direct("resnet50", 512, 512, 14, fixed<3>, fixed<2>);
  direct("resnet50", 64, 256, 56, fixed<1>, fixed<1>);
  direct("resnet50", 256, 64, 56, fixed<1>, fixed<1>);
  direct("resnet50", 128, 512, 28, fixed<1>, fixed<1>);
  direct("resnet50", 512, 128, 28, fixed<1>, fixed<1>);
  direct("resnet50", 1024, 256, 14, fixed<1>, fixed<1>);
  direct("resnet50", 256, 1024, 14, fixed<1>, fixed<1>);
  direct("resnet50", 2048, 512, 7, fixed<1>, fixed<1>);
  direct("resnet50", 512, 2048, 7, fixed<1>, fixed<1>);
  direct("resnet50", 256, 512, 56, fixed<1>, fixed<2>);
  direct("resnet50", 1024, 2048, 14, fixed<1>, fixed<2>);
  first("mobilenet_v2", 3, 32, 224, fixed<3>, fixed<2>);
  direct("mobilenet_v2", 16, 96, 112, fixed<1>, fixed<1>);
  direct("mobilenet_v2", 24, 144, 56, fixed<1>, fixed<1>);
  direct("mobilenet_v2", 144, 24, 56, fixed<1>, fixed<1>);
  direct("mobilenet_v2", 192, 32, 28, fixed<1>, fixed<1>);
  direct("mobilenet_v2", 384, 64, 14, fixed<1>, fixed<1>);
  direct("mobilenet_v2", 64, 384, 14, fixed<1>, fixed<1>);
  direct("mobilenet_v2", 960, 160, 7, fixed<1>, fixed<1>);
  direct("mobilenet_v2", 160, 960, 7, fixed<1>, fixed<1>);
  direct("mobilenet_v2", 320, 1280, 7, fixed<1>, fixed<1>);
  depthwise("mobilenet_v2", 96, 112, fixed<3>, fixed<2>);
  depthwise("mobilenet_v2", 144, 56, fixed<3>, fixed<1>);
  depthwise("mobilenet_v2", 192, 28, fixed<3>, fixed<1>);
  depthwise("mobilenet_v2", 384, 14, fixed<3>, fixed<1>);
  depthwise("mobilenet_v2", 960, 7, fixed<3>, fixed<1>);
  depthwise("efficientnet_b0", 240, 28, fixed<5>, fixed<1>);
  depthwise("efficientnet_b0", 672, 14, fixed<5>, fixed<2>);
  first("squeezenet1_1", 3, 64, 224, fixed<3>, fixed<2>);
  direct("squeezenet1_1", 16, 64, 55, fixed<3>, fixed<1>);
  direct("squeezenet1_1", 128, 16, 55, fixed<1>, fixed<1>);
  direct("squeezenet1_1", 32, 128, 27, fixed<3>, fixed<1>);
  direct("squeezenet1_1", 48, 192, 13, fixed<3>, fixed<1>);
  direct("squeezenet1_1", 64, 256, 13, fixed<3>, fixed<1>);
  direct("squeezenet1_1", 512, 1000, 13, fixed<1>, fixed<1>);
  packed(128, 768, 768, false);
  packed(128, 768, 768, true);
  packed(128, 3072, 768, true);
  packed(128, 768, 3072, true);
  packed(197, 768, 768, true);
  packed(197, 3072, 768, true);
  packed(197, 768, 3072, true);
  packed(3136, 384, 96, true);
  packed(3136, 96, 384, true);
  packed(49, 3072, 768, true);
  packed(100, 512, 64, false);
  packed(8, 768, 768, true);
  packed(4, 768, 768, true);
  packed(1, 3072, 768, true);
  packed(1, 768, 3072, true);
  packed(1, 1000, 2048, true);
  packed(1, 512, 128, false);
  packed(1, 64, 64, false);
  attention(12, 128, 128, 64);
  attention(12, 197, 197, 64);
  attention(12, 1, 512, 64);
}

}  // namespace
}  // namespace onnxc

int main(int count, char** arguments) {
  if (count > 1) onnxc::wanted = arguments[1];
  onnxc::all();
  return 0;
}

#if defined(__clang__)
#pragma clang attribute pop
#endif
