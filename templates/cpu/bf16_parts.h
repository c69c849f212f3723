// Floats as sums of bfloat16 parts, x = x0 + x1 (+ x2), in the layout that AMX tiles read.
//
// A matrix of m rows and k columns becomes [k/32][rows][Parts][32]: plane p holds columns 32 p to
// 32 p + 31, zero past the last; `rows` is m rounded up to 16, and the rows past m mean nothing.
// Part 0 is x rounded to bfloat16, part 1 what is left of it rounded, and so on: two parts keep 16
// bits of x, three all 24. Values below 2^-126 count as zero; those within 2^-9 of the largest
// float become infinite.
#pragma once

#include "templates/common/narrow_float.h"
#include "templates/cpu/image.h"

namespace onnxc {

[[maybe_unused]] constexpr size_t kPartDepth = 32;

// What is left of x when it is rounded to bfloat16; nothing of infinities and NaN.
ONNXC_INLINE Vec<float, 16> rest_of_bf16(Vec<float, 16> x) {
  typedef Vec<uint32_t, 16> Bits;
  const Bits bits = bits_as<Bits>(x);
  const Bits rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u;
  const Vec<float, 16> rest = x - bits_as<Vec<float, 16>>(rounded);
  return bits_as<Vec<float, 16>>(bits_as<Bits>(rest) & bits_as<Bits>(rest == rest));
}

// Stores 32 consecutive columns as `Parts` groups of 32.
template <int Parts>
ONNXC_INLINE void store_parts(Vec<float, 16> low, Vec<float, 16> high, BFloat16* to) {
#pragma GCC unroll 3
  for (int part = 0; part < Parts; ++part) {
    const auto rounded = _mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
    store<16>(reinterpret_cast<uint32_t*>(to + part * kPartDepth),
              bits_as<Vec<uint32_t, 16>>(rounded));
    if (part + 1 == Parts) break;
    low = rest_of_bf16(low);
    high = rest_of_bf16(high);
  }
}

[[maybe_unused]] constexpr size_t part_rows(size_t m) { return round_up(m, 16); }

// Splits rows of x, element (r, c) at x[offset + r * x_row + c].
template <int Parts, class Threads>
ONNXC_KERNEL void split_rows(const float* x, size_t offset, size_t x_row, BFloat16* out, size_t m,
                             size_t k, const Threads& threads) {
  x += offset;
  const size_t whole = k / kPartDepth, row_size = Parts * kPartDepth;
  const size_t plane = part_rows(m) * row_size;
  threads.split(ceil_div(m, 16), [&](size_t begin, size_t end, size_t) {
    const size_t first = begin * 16, last = min_size(m, end * 16);
    for (size_t strip = first; strip < last; strip += 16) {
      const size_t rows = min_size(last, strip + 16);
      for (size_t p = 0; p < whole; ++p) {
        for (size_t r = strip; r < rows; ++r) {
          const float* from = x + r * x_row + p * kPartDepth;
          store_parts<Parts>(load<16>(from), load<16>(from + 16), out + p * plane + r * row_size);
        }
      }
      if (whole * kPartDepth == k) continue;
      for (size_t r = strip; r < rows; ++r) {
        float row[kPartDepth] = {};
        for (size_t c = whole * kPartDepth; c < k; ++c) row[c % kPartDepth] = x[r * x_row + c];
        store_parts<Parts>(load<16>(row), load<16>(row + 16), out + whole * plane + r * row_size);
      }
    }
  });
}

// An image with zeros around it, as rows of parts: [C/32][pixels][Parts][32]. Rows of the image are
// `pitch` pixels apart, and the zeros after one row are also those before the next.
struct HaloImage {
  size_t height, width;        // of the image itself
  size_t top, bottom, beside;  // zero rows above and below, zero columns between two rows

  constexpr size_t pitch() const { return width + beside; }
  constexpr size_t start() const { return top * pitch() + beside; }  // of the first pixel
  // With room for the last tile to read past the end.
  constexpr size_t pixels() const {
    return round_up((height + top + bottom) * pitch() + beside + 32, 16);
  }
};

// Splits images [N][C/16][H][W][16] to [N][C/32][pixels][Parts][32], of every `step`-th row and
// column.
template <int Parts, class In, class Threads>
ONNXC_KERNEL void split_image(const float* in, size_t batch, const In& in_image,
                              const Extent<size_t, size_t>& step, const HaloImage& image,
                              BFloat16* out, const Threads& threads) {
  const size_t planes = ceil_div(in_image.channels, kPartDepth), row_size = Parts * kPartDepth;
  threads.split(batch * planes, [&](size_t begin, size_t end, size_t) {
    for (size_t unit = begin; unit < end; ++unit) {
      const size_t n = unit / planes, block = unit % planes * 2;
      const float* from = in + n * in_image.batch_stride + block * in_image.plane();
      const bool both = block + 1 < in_image.blocks();
      BFloat16* to = out + unit * image.pixels() * row_size;
      memset(to, 0, image.start() * row_size * sizeof(BFloat16));
      to += image.start() * row_size;
      for (size_t y = 0; y < image.height; ++y) {
        const float* low = from + y * step.y * in_image.width * kBlock;
        for (size_t x = 0; x < image.width; ++x, low += step.x * kBlock, to += row_size) {
          store_parts<Parts>(load<16>(low),
                             both ? load<16>(low + in_image.plane()) : Vec<float, 16>{}, to);
        }
        memset(to, 0, image.beside * row_size * sizeof(BFloat16));
        to += image.beside * row_size;
      }
      memset(to, 0, image.bottom * image.pitch() * row_size * sizeof(BFloat16));
    }
  });
}

}  // namespace onnxc
