// Whether a compiled model computes what it should.
#pragma once

#include <string>
#include <vector>

#include "compiler/options.h"
#include "compiler/tool/compare.h"
#include "compiler/tool/progress_report.h"

namespace onnxc {

struct VerifyOptions {
  Options compile;
  std::string via;
  Tolerance tolerance;
  bool layers = false;
  int threads = 1;  // more: the outputs have to equal those of one thread, bit for bit
};

struct VerifyResult {
  bool passed = false;
  std::string text;               // the largest difference and where, or why it failed
  double largest_difference = 0;  // over all sets and outputs
  double share_of_largest = 0;
  int sets = 0;
  int skipped_outputs = 0;           // without a recorded value
  std::vector<std::string> details;  // further lines: notes, the first step that departs
};

// `path` is a folder with recorded data sets, all of which are run through one compilation, or a
// model, which is run on made-up inputs and compared with the reference. Whatever is wrong with the
// model is a result, not an exception.
VerifyResult verify_model(const std::string& path, const VerifyOptions& options,
                          ProgressReport& progress);

}  // namespace onnxc
