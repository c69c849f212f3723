// Tensor bytes that live in files beside the model.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "compiler/frontend/wire.h"
#include "compiler/support/mapped_file.h"

namespace onnxc {

// The files beside one model, each mapped once.
class ExternalData {
 public:
  // Nothing: the model came from memory and may have no external data.
  explicit ExternalData(std::optional<std::filesystem::path> folder) : folder_(std::move(folder)) {}

  struct View {
    Bytes bytes;
    std::shared_ptr<const void> owner;
  };
  // The `expected` bytes that the entries location, offset and length name. Throws CompileError
  // when the location leaves the model's folder (also through a symbolic link), the file is
  // missing, or the range does not fit.
  View view(const std::map<std::string, std::string>& entries, size_t expected);

 private:
  const MappedFile& file(const std::string& location);

  std::optional<std::filesystem::path> folder_;
  std::map<std::string, std::shared_ptr<const MappedFile>> files_;
};

}  // namespace onnxc
