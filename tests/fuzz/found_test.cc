// Graphs that were once compiled to something wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/fuzz/check.h"
#include "tests/support/temporary_folder.h"

namespace onnxc::fuzz {
namespace {

namespace fs = std::filesystem;

// Each on every machine whose code can run here, without the passes that its first line names.
TEST(FoundGraphs, ComputeWhatTheEvaluatorSays) {
  const std::vector<std::string> marches = usable_marches();
  size_t graphs = 0;
  for (const auto& entry : fs::directory_iterator(ONNXC_SOURCE_DIR "/tests/fuzz/found")) {
    SCOPED_TRACE(entry.path().filename().string());
    const std::string content = content_of(entry.path().string());
    Configuration configuration = parse_configuration(content.substr(1, content.find('\n')));
    const Prepared prepared = prepare(parse_case(content, entry.path().stem().string()));
    ++graphs;
    for (const std::string& march : marches) {
      configuration.march = march;
      EXPECT_EQ(check({prepared}, configuration).text, "") << describe(configuration);
    }
  }
  EXPECT_GT(graphs, 0u);
}

}  // namespace
}  // namespace onnxc::fuzz
