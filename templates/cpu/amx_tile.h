// Products of 32 rows by 32 columns in AMX tiles, of floats split into bfloat16 parts.
//
// Two parts take three products of bfloat16 and three take six; sums are kept in float. Tiles 0 to
// 3 hold the sums, 4 and 5 rows, 6 and 7 columns.
#pragma once

#include "templates/cpu/bf16_parts.h"

namespace onnxc {

// Columns of the right operand for 32 steps: [Parts][2][16][16][2], where element (part, half, p,
// j, q) is the part of row 2 p + q and column 16 half + j.
template <int Parts>
[[maybe_unused]] constexpr size_t kAmxStep = Parts * 2 * 16 * 32;

struct AmxConfig {
  uint8_t bytes[64];
};

// Asks Linux for the tile registers; false where the machine or the kernel has none. The permission
// is the process's and asking again costs a system call.
ONNXC_INLINE bool amx_request() {
#if defined(__linux__) && defined(__x86_64__)
  constexpr long kArchPrctl = 158, kRequestPermission = 0x1023, kTileData = 18;
  long result = kArchPrctl;
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"(kRequestPermission), "S"(kTileData)
                   : "rcx", "r11", "memory");
  return result == 0;
#else
  return false;
#endif
}

// Makes tiles of sums and rows `rows` high, at most 16. The registers belong to the thread.
ONNXC_INLINE void amx_configure(size_t rows) {
  AmxConfig config = {};
  config.bytes[0] = 1;
  for (int tile = 0; tile < 8; ++tile) {
    config.bytes[16 + 2 * tile] = 64;
    config.bytes[48 + tile] = uint8_t(tile < 6 ? rows : 16);
  }
  __asm__ volatile("ldtilecfg %0" : : "m"(config) : "memory");
}

ONNXC_INLINE void amx_release() { __asm__ volatile("tilerelease" : : : "memory"); }

template <int Tile>
ONNXC_INLINE void amx_zero() {
  __asm__ volatile("tilezero %%tmm%c0" : : "i"(Tile));
}

template <int Tile>
ONNXC_INLINE void amx_load(const void* from, size_t row_bytes) {
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2"
                   :
                   : "r"(from), "r"(row_bytes), "i"(Tile)
                   : "memory");
}

template <int Tile>
ONNXC_INLINE void amx_store(void* to, size_t row_bytes) {
  __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)"
                   :
                   : "r"(to), "r"(row_bytes), "i"(Tile)
                   : "memory");
}

template <int Sum, int Row, int Column>
ONNXC_INLINE void amx_multiply() {
  __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(Sum), "i"(Row), "i"(Column));
}

// Where the rows of one or two tiles start, and how far apart they are in bytes.
struct AmxRows {
  const char* first;
  const char* second;
  size_t row_bytes;
};

template <int Rows>
ONNXC_INLINE void amx_load_rows(const AmxRows& a, int part) {
  const size_t offset = size_t(part) * kPartDepth * sizeof(BFloat16);
  amx_load<4>(a.first + offset, a.row_bytes);
  if constexpr (Rows > 1) amx_load<5>(a.second + offset, a.row_bytes);
}

template <int Columns>
ONNXC_INLINE void amx_load_columns(const BFloat16* b, int part) {
  amx_load<6>(b + part * 1024, 64);
  if constexpr (Columns > 1) amx_load<7>(b + part * 1024 + 512, 64);
}

template <int Rows, int Columns>
ONNXC_INLINE void amx_multiply_all() {
  amx_multiply<0, 4, 6>();
  if constexpr (Columns > 1) amx_multiply<1, 4, 7>();
  if constexpr (Rows > 1) amx_multiply<2, 5, 6>();
  if constexpr (Rows > 1 && Columns > 1) amx_multiply<3, 5, 7>();
}

// Adds 32 steps to the sums: every product of parts i and j with i + j < Parts.
template <int Parts, int Rows, int Columns>
ONNXC_INLINE void amx_add_step(const AmxRows& a, const BFloat16* b) {
  amx_load_rows<Rows>(a, 0);
#pragma GCC unroll 3
  for (int j = Parts - 1; j >= 0; --j) {
    amx_load_columns<Columns>(b, j);
    amx_multiply_all<Rows, Columns>();
  }
  amx_load_rows<Rows>(a, 1);
  amx_multiply_all<Rows, Columns>();
  if constexpr (Parts == 3) {
    amx_load_columns<Columns>(b, 1);
    amx_multiply_all<Rows, Columns>();
    amx_load_rows<Rows>(a, 2);
    amx_load_columns<Columns>(b, 0);
    amx_multiply_all<Rows, Columns>();
  }
}

// Weights that are wanted next, fetched into the second-level cache some lines a step: the tiles
// leave the memory idle while they multiply what the cache holds.
struct AmxAhead {
  static constexpr size_t kMostLines = 16;  // more of them hold up the loads of the step itself
  const char* next;
  size_t lines;

  // Spreads `size` elements from `from` over `blocks` blocks of `steps` steps.
  AmxAhead(const BFloat16* from, size_t size, size_t blocks, size_t steps)
      : next(reinterpret_cast<const char*>(from)),
        lines(min_size(kMostLines,
                       ceil_div(size * sizeof(BFloat16), 64 * max_size(1, blocks * steps)))) {}

  ONNXC_INLINE void fetch() {
    for (size_t line = 0; line < lines; ++line, next += 64) __builtin_prefetch(next, 0, 2);
  }
};

template <int Rows, int Columns>
ONNXC_INLINE void amx_zero_sums() {
  amx_zero<0>();
  if constexpr (Columns > 1) amx_zero<1>();
  if constexpr (Rows > 1) amx_zero<2>();
  if constexpr (Rows > 1 && Columns > 1) amx_zero<3>();
}

// Sums as rows of 32 floats, `rows` of the first tile and then those of the second.
template <int Rows, int Columns>
ONNXC_INLINE void amx_load_sums(const float* sums, size_t rows) {
  amx_load<0>(sums, 128);
  if constexpr (Columns > 1) amx_load<1>(sums + 16, 128);
  if constexpr (Rows > 1) amx_load<2>(sums + rows * 32, 128);
  if constexpr (Rows > 1 && Columns > 1) amx_load<3>(sums + rows * 32 + 16, 128);
}

template <int Rows, int Columns>
ONNXC_INLINE void amx_store_sums(float* sums, size_t rows) {
  amx_store<0>(sums, 128);
  if constexpr (Columns > 1) amx_store<1>(sums + 16, 128);
  if constexpr (Rows > 1) amx_store<2>(sums + rows * 32, 128);
  if constexpr (Rows > 1 && Columns > 1) amx_store<3>(sums + rows * 32 + 16, 128);
}

// Rows of the tiles that cover `rows` rows most evenly.
[[maybe_unused]] constexpr size_t amx_tile_rows(size_t rows) {
  return ceil_div(rows, ceil_div(rows, 16));
}

}  // namespace onnxc
