// The two kinds of error the compiler knows, and how context reaches them.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace onnxc {

// The model or the user is at fault. The message says what was found, what was expected and what to
// do: lower case, no full stop. Whoever knows the node, file or pass adds it with `in_context`
// while unwinding.
class CompileError : public std::runtime_error {
 public:
  template <class... Args>
  explicit CompileError(fmt::format_string<Args...> format, Args&&... args)
      : CompileError(Text{fmt::format(format, std::forward<Args>(args)...)}) {}

  const char* what() const noexcept override { return text_.c_str(); }

  // Puts `context` and ": " before the message, e.g. `Conv "layer1/conv1"` or `model.onnx`.
  void add_context(std::string_view context) { text_ = fmt::format("{}: {}", context, text_); }
  // A further line printed after the message as "note: ...".
  CompileError& note(std::string text) {
    notes_.push_back(std::move(text));
    return *this;
  }
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  struct Text {
    std::string value;
  };
  explicit CompileError(Text text) : std::runtime_error(text.value), text_(std::move(text.value)) {}

  std::string text_;
  std::vector<std::string> notes_;
};

// The compiler is at fault: a broken invariant. Carries file and line of the check.
class InternalError : public std::logic_error {
 public:
  InternalError(const char* file, int line, const std::string& message)
      : std::logic_error(fmt::format("{}:{}: {}", file, line, message)) {}
};

// Runs `body`; a CompileError that leaves it carries `context` in front.
template <class Body>
decltype(auto) in_context(std::string_view context, Body&& body) {
  try {
    return body();
  } catch (CompileError& error) {
    error.add_context(context);
    throw;
  }
}

}  // namespace onnxc

#define ONNXC_CHECK(condition, ...)                                                               \
  do {                                                                                            \
    if (!(condition)) throw ::onnxc::InternalError(__FILE__, __LINE__, fmt::format(__VA_ARGS__)); \
  } while (false)
