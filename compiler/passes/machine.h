// What passes know of the machine that code is written for: one row per --march, never the machine
// that compiles.
#pragma once

#include <string_view>

namespace onnxc {

// Costs in nanoseconds on one core. Machines without a row are taken for x86-64-v3.
struct Machine {
  bool amx = false;              // tiles that multiply bfloat16
  double vector_product = 0;     // of one multiply-add of floats in vectors
  double tile_product = 0;       // of one multiply-add of floats as two bfloat16 parts in tiles
  double stored_byte = 0;        // of writing one byte of a tensor larger than the cache
  double cached_byte = 0;        // of writing one byte of a tensor that stays in the cache
  double cache_bytes = 1 << 20;  // of the second-level cache
};

const Machine& find_machine(std::string_view march);

}  // namespace onnxc
