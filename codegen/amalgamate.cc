// Joins kernel headers into one text.
#include "codegen/amalgamate.h"

#include <algorithm>
#include <string_view>

#include "codegen/kernel_texts.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

class Amalgamator {
 public:
  void add(std::string_view path) {
    if (!done_.insert(std::string(path)).second) return;
    std::string_view text = find(path);
    std::string body, block;
    bool in_block = false, block_is_includes = true;
    while (!text.empty()) {
      const size_t end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (line.starts_with("#if") && !in_block && followed_by_include(text)) {
        in_block = true;
        block = std::string(line) + "\n";
        continue;
      }
      if (in_block) {
        block += std::string(line) + "\n";
        block_is_includes &= line.starts_with("#");
        if (line.starts_with("#endif")) {
          result_.guarded_includes.insert(block);
          in_block = false;
        }
        continue;
      }
      if (line.starts_with("#include \"")) {
        add(line.substr(10, line.find('"', 10) - 10));
      } else if (line.starts_with("#include <")) {
        result_.system_includes.insert(std::string(line.substr(9)));
      } else if (!line.starts_with("#pragma once")) {
        body += std::string(line) + "\n";
      }
    }
    ONNXC_CHECK(block_is_includes, "{}: code between #if and #endif around an #include", path);
    result_.text += "// --- " + std::string(path) + "\n" + body + "\n";
  }

  Amalgamation take() { return std::move(result_); }

 private:
  static bool followed_by_include(std::string_view text) {
    return text.starts_with("#include <") || text.starts_with("#elif");
  }

  static std::string_view find(std::string_view path) {
    const auto texts = kernel_texts();
    const auto it = std::find_if(texts.begin(), texts.end(),
                                 [&](const KernelText& t) { return t.path == path; });
    ONNXC_CHECK(it != texts.end(), "no kernel header {}", path);
    return it->text;
  }

  Amalgamation result_;
  std::set<std::string> done_;
};

}  // namespace

Amalgamation amalgamate(const std::set<std::string>& headers) {
  Amalgamator a;
  for (const std::string& h : headers) a.add(h);
  return a.take();
}

}  // namespace onnxc
