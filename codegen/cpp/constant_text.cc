// Constants as text.
#include "codegen/cpp/constant_text.h"

#include "codegen/cpp/element_type.h"
#include "codegen/cpp/expr_printer.h"
#include "codegen/weights.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

std::string string_literal(const std::string& text) {
  std::string literal = "\"";
  for (const unsigned char c : text) {
    if (c < 32 || c > 126 || c == '"' || c == '\\' || c == '?') {
      literal += fmt::format("\\{:03o}", c);
    } else {
      literal += static_cast<char>(c);
    }
  }
  return literal + '"';
}

}  // namespace

std::string constant_array(const Value& value, const std::string& name) {
  const Tensor& t = *value.constant;
  std::string text =
      fmt::format("alignas(64) constexpr {} k_{}[] = {{", element_type(value.type), name);
  if (t.size() == 0) text += value.type == DType::kString ? "{}" : "0";
  for (int64_t i = 0; i < t.size(); ++i) {
    text += i % 8 == 0 ? "\n    " : " ";
    if (value.type == DType::kString) {
      const std::string& element = t.strings()[static_cast<size_t>(i)];
      text += fmt::format("{{{}, {}}},", string_literal(element), element.size());
      continue;
    }
    if (is_narrow_float(value.type)) {
      text += fmt::format(
          "{{{}}},", byte_size(value.type) == 2 ? t.data<uint16_t>()[i] : t.data<uint8_t>()[i]);
      continue;
    }
    Expr e{Expr::Kind::kConstant, value.type};
    if (is_float(value.type)) {
      e.value = t.as_double(i);
    } else {
      e.integer_value = t.as_int64(i);
    }
    const bool plain = value.type == DType::kFloat || value.type == DType::kDouble;
    text += (plain ? literal(value.type, e) : std::to_string(e.integer_value)) + ",";
  }
  return text + "\n};\n";
}

std::string blob_literal(const Program& program, const std::string& model_sha256) {
  std::string text = "alignas(64) constexpr char kBlob[] =";
  size_t column = 0;
  text.reserve(blob_size(program) * 3);
  write_blob(program, model_sha256, [&](std::span<const std::byte> bytes) {
    for (std::byte b : bytes) {
      if (column == 0) text += "\n    \"";
      const auto c = static_cast<unsigned char>(b);
      const bool plain = c >= 32 && c < 127 && c != '"' && c != '\\' && c != '?';
      if (plain) {
        text += static_cast<char>(c);
      } else {
        text += '\\';
        text += static_cast<char>('0' + (c >> 6));
        text += static_cast<char>('0' + ((c >> 3) & 7));
        text += static_cast<char>('0' + (c & 7));
      }
      if (++column == 64) {
        text += '"';
        column = 0;
      }
    }
  });
  if (column != 0) text += '"';
  return text + ";\n";
}

}  // namespace onnxc
