// Text from files that nobody vouches for, as it may be shown.
#pragma once

#include <string>
#include <string_view>

namespace onnxc {

// Text of a model or a path as it may stand in a comment or a message: control characters, quotes
// and backslashes, and what would end a comment, become underscores.
std::string plain_text(std::string_view text);

}  // namespace onnxc
