// Where models and recorded data too large for the repository lie.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace onnxc {

// $ONNXC_SHARED, or the folder `shared` beside the repository. Tests that need it skip aloud where
// it is missing.
inline std::string shared_path(const std::string& inside) {
  const char* given = std::getenv("ONNXC_SHARED");
  const std::filesystem::path folder =
      given ? std::filesystem::path(given)
            : std::filesystem::path(ONNXC_SOURCE_DIR) / ".." / "shared";
  return (folder / inside).lexically_normal().string();
}

}  // namespace onnxc
