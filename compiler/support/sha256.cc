// SHA-256: block compression, portable and with x86's SHA instructions, and the padding around it.
#include "compiler/support/sha256.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace onnxc {
namespace {

using State = std::array<uint32_t, 8>;
constexpr size_t kBlock = 64;

constexpr State kInitial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

alignas(16) constexpr std::array<uint32_t, 64> kRound = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t load_big_endian(const std::byte* bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, 4);
  return __builtin_bswap32(value);
}

void compress_portable(State& state, const std::byte* data, size_t blocks) {
  for (; blocks > 0; --blocks, data += kBlock) {
    std::array<uint32_t, 64> w;
    for (size_t i = 0; i < 16; ++i) w[i] = load_big_endian(data + 4 * i);
    for (size_t i = 16; i < 64; ++i) {
      const uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
      const uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (size_t i = 0; i < 64; ++i) {
      const uint32_t sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
      const uint32_t choice = (e & f) ^ (~e & g);
      const uint32_t first = h + sum1 + choice + kRound[i] + w[i];
      const uint32_t sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
      const uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
      h = g;
      g = f;
      f = e;
      e = d + first;
      d = c;
      c = b;
      b = a;
      a = first + sum0 + majority;
    }
    const State added = {a, b, c, d, e, f, g, h};
    for (size_t i = 0; i < 8; ++i) state[i] += added[i];
  }
}

#if defined(__x86_64__)

bool has_sha_instructions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1) || !(c & bit_SSSE3)) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29));
}

// The instructions keep the state as (a b e f) and (c d g h), highest word first, and do two rounds
// each.
__attribute__((target("sha,sse4.1,ssse3"))) void compress_sha(State& state, const std::byte* data,
                                                              size_t blocks) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  const auto* words = reinterpret_cast<const int*>(state.data());
  __m128i abef = _mm_set_epi32(words[0], words[1], words[4], words[5]);
  __m128i cdgh = _mm_set_epi32(words[2], words[3], words[6], words[7]);
  for (; blocks > 0; --blocks, data += kBlock) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w[4];
    for (int i = 0; i < 4; ++i) {
      w[i] =
          _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(data + 16 * i)), swap);
    }
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      const __m128i current = w[i % 4];
      const __m128i keys = _mm_load_si128(reinterpret_cast<const __m128i*>(&kRound[4 * i]));
      const __m128i sum = _mm_add_epi32(current, keys);
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
      const __m128i w7 = _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4);
      const __m128i partial = _mm_add_epi32(_mm_sha256msg1_epu32(current, w[(i + 1) % 4]), w7);
      w[i % 4] = _mm_sha256msg2_epu32(partial, w[(i + 3) % 4]);
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  state = {static_cast<uint32_t>(_mm_extract_epi32(abef, 3)),
           static_cast<uint32_t>(_mm_extract_epi32(abef, 2)),
           static_cast<uint32_t>(_mm_extract_epi32(cdgh, 3)),
           static_cast<uint32_t>(_mm_extract_epi32(cdgh, 2)),
           static_cast<uint32_t>(_mm_extract_epi32(abef, 1)),
           static_cast<uint32_t>(_mm_extract_epi32(abef, 0)),
           static_cast<uint32_t>(_mm_extract_epi32(cdgh, 1)),
           static_cast<uint32_t>(_mm_extract_epi32(cdgh, 0))};
}

#endif

using Compress = void (*)(State&, const std::byte*, size_t);

Compress best_compress() {
#if defined(__x86_64__)
  if (has_sha_instructions()) return compress_sha;
#endif
  return compress_portable;
}

std::string digest(Compress compress, std::span<const std::byte> bytes) {
  State state = kInitial;
  const size_t whole = bytes.size() / kBlock;
  compress(state, bytes.data(), whole);
  std::array<std::byte, 2 * kBlock> tail{};
  const size_t rest = bytes.size() - whole * kBlock;
  if (rest > 0) std::memcpy(tail.data(), bytes.data() + whole * kBlock, rest);
  tail[rest] = std::byte{0x80};
  const size_t tail_blocks = rest + 9 <= kBlock ? 1 : 2;
  const uint64_t bits = __builtin_bswap64(static_cast<uint64_t>(bytes.size()) * 8);
  std::memcpy(tail.data() + tail_blocks * kBlock - 8, &bits, 8);
  compress(state, tail.data(), tail_blocks);
  std::string text;
  for (const uint32_t word : state) text += fmt::format("{:08x}", word);
  return text;
}

}  // namespace

std::string sha256_hex(std::span<const std::byte> bytes) { return digest(best_compress(), bytes); }
std::string sha256_hex_portable(std::span<const std::byte> bytes) {
  return digest(compress_portable, bytes);
}

}  // namespace onnxc
