// Builds source text from snippets that look like their output.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace onnxc {

class SourceWriter {
 public:
  using Holes = std::initializer_list<std::pair<std::string_view, std::string>>;

  // Appends `snippet` at the current indentation. `$name$` is replaced by its text; a hole alone on
  // its line takes a text of several lines (none: the line goes). A first empty line and the
  // snippet's own indentation are dropped. An unknown hole is an InternalError; where no holes are
  // given, dollar signs mean nothing.
  void emit(std::string_view snippet, Holes holes = {});
  void line(std::string_view text =
                "");  // one line at the current indentation; empty lines get no spaces
  void indent() { depth_ += 2; }
  void outdent() { depth_ -= 2; }
  const std::string& text() const { return text_; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  int depth_ = 0;
};

}  // namespace onnxc
