// SHA-256 (FIPS 180-4) of bytes in memory.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace onnxc {

// 64 lower-case hexadecimal digits. Uses the CPU's SHA instructions where they exist.
std::string sha256_hex(std::span<const std::byte> bytes);
// The same without special instructions, whatever the CPU has.
std::string sha256_hex_portable(std::span<const std::byte> bytes);

}  // namespace onnxc
