// Text without characters that mean something to a compiler or a terminal.
#include "compiler/support/plain_text.h"

namespace onnxc {

std::string plain_text(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    const bool ends_comment = c == '/' && !plain.empty() && plain.back() == '*';
    const bool kept = code >= 0x20 && code != 0x7f && c != '"' && c != '\'' && c != '\\';
    plain += kept && !ends_comment ? c : '_';
  }
  return plain;
}

}  // namespace onnxc
