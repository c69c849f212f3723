// Snippets with holes.
#include "codegen/source_writer.h"

#include <algorithm>
#include <vector>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

size_t indentation(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

const std::string& find_hole(std::string_view name, SourceWriter::Holes holes) {
  for (const auto& [key, value] : holes) {
    if (key == name) return value;
  }
  throw InternalError(__FILE__, __LINE__, fmt::format("no text for ${}$", name));
}

std::string fill(std::string_view line, SourceWriter::Holes holes) {
  if (holes.size() == 0) return std::string(line);
  std::string out;
  for (;;) {
    const size_t open = line.find('$');
    if (open == std::string_view::npos) break;
    const size_t close = line.find('$', open + 1);
    ONNXC_CHECK(close != std::string_view::npos, "unclosed hole in {}", line);
    out += line.substr(0, open);
    out += find_hole(line.substr(open + 1, close - open - 1), holes);
    line.remove_prefix(close + 1);
  }
  return out + std::string(line);
}

}  // namespace

void SourceWriter::line(std::string_view text) {
  if (!text.empty()) {
    text_.append(depth_, ' ');
    text_ += text;
  }
  text_ += '\n';
}

void SourceWriter::emit(std::string_view snippet, Holes holes) {
  std::vector<std::string_view> lines = lines_of(snippet);
  if (!lines.empty() && lines.front().empty()) lines.erase(lines.begin());
  if (!lines.empty() && indentation(lines.back()) == lines.back().size()) lines.pop_back();
  size_t common = std::string_view::npos;
  for (std::string_view l : lines) {
    if (indentation(l) < l.size()) common = std::min(common, indentation(l));
  }
  for (std::string_view l : lines) {
    if (indentation(l) == l.size()) {
      line();
      continue;
    }
    const std::string_view body = l.substr(common);
    const size_t start = indentation(body);
    const std::string_view bare = body.substr(start);
    if (holes.size() > 0 && bare.size() > 2 && bare.front() == '$' &&
        bare.find('$', 1) == bare.size() - 1) {
      for (std::string_view inner : lines_of(find_hole(bare.substr(1, bare.size() - 2), holes))) {
        line(inner.empty() ? "" : std::string(start, ' ') + std::string(inner));
      }
      continue;
    }
    line(fill(body, holes));
  }
}

}  // namespace onnxc
