// Options as text.
#include "compiler/options.h"

#include <fmt/format.h>

namespace onnxc {

std::string describe(const Options& options) {
  std::string text = "--march " + options.march;
  if (options.weights == WeightsMode::kEmbed) text += " --weights embed";
  if (options.weights == WeightsMode::kSource) text += " --weights source";
  if (options.precision == Precision::kStrict) text += " --precision strict";
  for (const auto& [name, b] : options.dims) {
    text += b.min == b.max ? fmt::format(" --dim {}={}", name, b.min)
                           : fmt::format(" --dim {}={}..{}", name, b.min, b.max);
  }
  for (const std::string& pass : options.disabled_passes) text += " --disable-pass " + pass;
  return text;
}

}  // namespace onnxc
