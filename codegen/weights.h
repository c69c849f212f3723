// The weights blob: a 64-byte header, then the constants at 64-byte aligned offsets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "compiler/plan/program.h"

namespace onnxc {

// The header, little-endian: magic "ONNXCW01", uint64 size of the whole blob, 32 bytes SHA-256 of
// the model, uint64 checksum of the payload (FNV-1a over its 64-bit words), uint64 layout: a hash
// of the compiler's version and of every constant's name, type, shape and offset. Code and blob fit
// together only if model and layout are equal.
inline constexpr size_t kBlobHeaderBytes = 64;

size_t blob_size(const Program& program);
uint64_t blob_layout(const Program& program);
// Hands the blob's bytes to `sink` piece by piece.
void write_blob(const Program& program, const std::string& model_sha256,
                const std::function<void(std::span<const std::byte>)>& sink);

}  // namespace onnxc
