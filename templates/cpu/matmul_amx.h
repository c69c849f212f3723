// Matrix product on AMX tiles: C[M, N] = A[M, K] * B[K, N], of floats split into bfloat16 parts.
//
// a         [K/32][rows][Parts][32] as split_rows writes it
// b         [N/32][K/32][Parts][2][16][16][2]: element (n, k, part, half, p, j, q) is the part of
//           B[32 k + 2 p + q][32 n + 16 half + j], zero past the last row and column
// c         C[m][n] is c[m * c_row + n]
// partial   matmul_amx_partial(m, n, k) floats that the threads share; null where that is 0
//
// Needs AVX-512 with bfloat16 and tiles that amx_request() has granted.
#pragma once

#include "templates/cpu/amx_tile.h"
#include "templates/cpu/matmul_tile.h"

namespace onnxc {

// Chunks of rows whose parts stay in the second-level cache, each times all panels of 32 columns.
struct MatmulAmxWalk {
  static constexpr size_t kStepsInCache = 24;  // of 32 rows of B
  size_t chunk;                                // rows, a multiple of 16
  size_t chunks;
  size_t panels;
};

template <int Parts>
ONNXC_INLINE MatmulAmxWalk matmul_amx_walk(size_t m, size_t n, size_t k) {
  constexpr size_t kBytes = 900 * 1024;
  const size_t steps = min_size(ceil_div(k, kPartDepth), MatmulAmxWalk::kStepsInCache);
  const size_t fitting = max_size(64, kBytes / (max_size(1, steps) * kPartDepth * Parts * 2));
  MatmulAmxWalk walk;
  walk.chunks = ceil_div(m, fitting);
  walk.chunk = round_up(ceil_div(m, max_size(1, walk.chunks)), 16);
  walk.chunks = ceil_div(m, max_size(1, walk.chunk));
  walk.panels = ceil_div(n, 32);
  return walk;
}

[[maybe_unused]] constexpr size_t matmul_amx_partial(size_t m, size_t n, size_t k) {
  return k > MatmulAmxWalk::kStepsInCache * kPartDepth ? round_up(m, 16) * round_up(n, 32) : 0;
}

// Adds `steps` steps to the sums of one block of rows and columns.
template <int Parts, int Rows, int Columns>
ONNXC_KERNEL void matmul_amx_block(AmxRows a, size_t plane_bytes, const BFloat16* b, size_t steps,
                                   AmxAhead& ahead, size_t tile_rows, const float* start,
                                   float* sums) {
  if (start) {
    amx_load_sums<Rows, Columns>(start, tile_rows);
  } else {
    amx_zero_sums<Rows, Columns>();
  }
#pragma GCC unroll 1
  for (size_t step = 0; step < steps; ++step) {
    ahead.fetch();
    amx_add_step<Parts, Rows, Columns>(a, b);
    a.first += plane_bytes;
    a.second += plane_bytes;
    b += kAmxStep<Parts>;
  }
  amx_store_sums<Rows, Columns>(sums, tile_rows);
}

template <int Parts>
ONNXC_INLINE void matmul_amx_any(const AmxRows& a, size_t plane_bytes, const BFloat16* b,
                                 size_t steps, AmxAhead& ahead, size_t tile_rows, bool two_rows,
                                 bool two_columns, const float* start, float* sums) {
  if (two_rows && two_columns) {
    matmul_amx_block<Parts, 2, 2>(a, plane_bytes, b, steps, ahead, tile_rows, start, sums);
  } else if (two_rows) {
    matmul_amx_block<Parts, 2, 1>(a, plane_bytes, b, steps, ahead, tile_rows, start, sums);
  } else if (two_columns) {
    matmul_amx_block<Parts, 1, 2>(a, plane_bytes, b, steps, ahead, tile_rows, start, sums);
  } else {
    matmul_amx_block<Parts, 1, 1>(a, plane_bytes, b, steps, ahead, tile_rows, start, sums);
  }
}

template <int L, int Parts, class M, class N, class K, class Epilogue, class Threads>
ONNXC_KERNEL void matmul_amx(const BFloat16* a, const BFloat16* b, float* c, size_t c_row,
                             const M& m, const N& n, const K& k, float* partial,
                             const Epilogue& epilogue, const Threads& threads) {
  static_assert(L == 16, "AMX comes with 16 lanes");
  const MatmulAmxWalk walk = matmul_amx_walk<Parts>(m, n, k);
  const size_t steps = ceil_div(k, kPartDepth), row_bytes = Parts * kPartDepth * sizeof(BFloat16);
  const size_t plane_bytes = part_rows(m) * row_bytes;
  threads.split(walk.chunks * walk.panels, [&](size_t begin, size_t end, size_t) {
    const Epilogue finish = epilogue;
    alignas(64) float sums[32 * 32];
    while (begin < end) {
      const size_t chunk = begin / walk.panels, last = min_size(end, (chunk + 1) * walk.panels);
      const size_t row_begin = chunk * walk.chunk, rows = min_size(walk.chunk, m - row_begin);
      const size_t tile_rows = amx_tile_rows(rows), tiles = ceil_div(rows, tile_rows);
      amx_configure(tile_rows);
      for (size_t step = 0; step < steps; step += MatmulAmxWalk::kStepsInCache) {
        const size_t count = min_size(MatmulAmxWalk::kStepsInCache, steps - step);
        const bool final = step + count == steps;
        for (size_t unit = begin; unit < last; ++unit) {
          const size_t panel = unit % walk.panels, column = panel * 32;
          const BFloat16* columns = b + (panel * steps + step) * kAmxStep<Parts>;
          AmxAhead ahead(columns + steps * kAmxStep<Parts>, count * kAmxStep<Parts>,
                         ceil_div(tiles, 2), count);
          for (size_t tile = 0; tile < tiles; tile += 2) {
            const size_t row = row_begin + tile * tile_rows;
            const char* from = reinterpret_cast<const char*>(a) + step * plane_bytes;
            const AmxRows from_rows{from + row * row_bytes, from + (row + tile_rows) * row_bytes,
                                    row_bytes};
            float* held = partial ? partial + panel * 32 * part_rows(m) + row * 32 : nullptr;
            matmul_amx_any<Parts>(from_rows, plane_bytes, columns, count, ahead, tile_rows,
                                  tile + 1 < tiles, column + 16 < n, step ? held : nullptr,
                                  final ? sums : held);
            if (!final) continue;
            const size_t valid = min_size(2 * tile_rows, rows - tile * tile_rows);
            for (size_t r = 0; r < valid; ++r) {
              store_row<L>(sums + r * 32, 2, MatmulAt<L>{0, row + r, column}, n,
                           c + (row + r) * c_row, finish);
            }
          }
        }
      }
      begin = last;
    }
    amx_release();
  });
}

}  // namespace onnxc
