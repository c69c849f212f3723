// Writing of the weights blob.
#include "codegen/weights.h"

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr uint64_t kFnvBasis = 0xcbf29ce484222325u, kFnvPrime = 0x100000001b3u;

// Pieces of the payload: constants and the zeros between them.
void visit_payload(const Program& program,
                   const std::function<void(std::span<const std::byte>)>& sink) {
  static constexpr std::array<std::byte, 64> kZeros{};
  int64_t at = 0;
  for (const WeightEntry& entry : program.weights) {
    const auto bytes = entry.value->constant->bytes();
    if (entry.offset > at) sink(std::span(kZeros).first(static_cast<size_t>(entry.offset - at)));
    sink(bytes);
    at = entry.offset + static_cast<int64_t>(bytes.size());
  }
  if (program.weights_bytes > at)
    sink(std::span(kZeros).first(static_cast<size_t>(program.weights_bytes - at)));
}

// FNV-1a over 64-bit words of a stream that may be cut anywhere; the payload's length is a multiple
// of 64.
class Checksum {
 public:
  void add(std::span<const std::byte> bytes) {
    while (!bytes.empty() && filled_ > 0) {
      take(bytes.front());
      bytes = bytes.subspan(1);
    }
    while (bytes.size() >= 8) {
      uint64_t word;
      std::memcpy(&word, bytes.data(), 8);
      mix(word);
      bytes = bytes.subspan(8);
    }
    for (std::byte b : bytes) take(b);
  }
  uint64_t value() const { return value_; }

 private:
  void mix(uint64_t word) { value_ = (value_ ^ word) * kFnvPrime; }
  void take(std::byte b) {
    partial_ |= static_cast<uint64_t>(b) << (8 * filled_);
    if (++filled_ < 8) return;
    mix(partial_);
    partial_ = 0;
    filled_ = 0;
  }
  uint64_t value_ = kFnvBasis, partial_ = 0;
  int filled_ = 0;
};

template <class T>
void put(std::array<std::byte, kBlobHeaderBytes>& header, size_t at, const T& value) {
  std::memcpy(header.data() + at, &value, sizeof value);
}

}  // namespace

size_t blob_size(const Program& program) {
  return kBlobHeaderBytes + static_cast<size_t>(program.weights_bytes);
}

uint64_t blob_layout(const Program& program) {
  std::string text = fmt::format("onnxc {}\n", ONNXC_VERSION);
  for (const WeightEntry& e : program.weights) {
    text += fmt::format("{} {} {} {}\n", e.offset, e.value->name, name(e.value->type),
                        onnxc::text(e.value->shape));
  }
  uint64_t hash = kFnvBasis;
  for (unsigned char c : text) hash = (hash ^ c) * kFnvPrime;
  return hash;
}

void write_blob(const Program& program, const std::string& model_sha256,
                const std::function<void(std::span<const std::byte>)>& sink) {
  Checksum checksum;
  visit_payload(program, [&](auto bytes) { checksum.add(bytes); });
  std::array<std::byte, kBlobHeaderBytes> header{};
  std::memcpy(header.data(), "ONNXCW01", 8);
  put(header, 8, static_cast<uint64_t>(blob_size(program)));
  for (size_t i = 0; i < 32 && 2 * i + 1 < model_sha256.size(); ++i) {
    header[16 + i] = static_cast<std::byte>(std::stoi(model_sha256.substr(2 * i, 2), nullptr, 16));
  }
  put(header, 48, checksum.value());
  put(header, 56, blob_layout(program));
  sink(header);
  visit_payload(program, sink);
}

}  // namespace onnxc
