// The header is a Python dictionary of three entries; the data follows it.
#include "compiler/ir/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

#include "compiler/support/diagnostics.h"
#include "compiler/support/mapped_file.h"
#include "compiler/support/output_file.h"

namespace onnxc {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMagic = "\x93NUMPY"sv;
constexpr size_t kPrefix = 10;  // magic, version, length of the header in two bytes
constexpr size_t kAlignment = 64;

struct Code {
  DType type;
  std::string_view code;  // kind and size, without the byte order
};

constexpr std::array kCodes = {
    Code{DType::kFloat, "f4"},     Code{DType::kDouble, "f8"},      Code{DType::kFloat16, "f2"},
    Code{DType::kUint8, "u1"},     Code{DType::kInt8, "i1"},        Code{DType::kUint16, "u2"},
    Code{DType::kInt16, "i2"},     Code{DType::kUint32, "u4"},      Code{DType::kInt32, "i4"},
    Code{DType::kUint64, "u8"},    Code{DType::kInt64, "i8"},       Code{DType::kBool, "b1"},
    Code{DType::kComplex64, "c8"}, Code{DType::kComplex128, "c16"},
};

std::string code_of(DType type) {
  for (const Code& entry : kCodes) {
    if (entry.type == type) return std::string(entry.code);
  }
  if (is_float(type) && file_bits(type) >= 8) return fmt::format("V{}", byte_size(type));
  return is_signed(type) ? "i1" : "u1";
}

std::optional<DType> type_of(std::string_view code, std::optional<DType> expected) {
  if (expected && *expected != DType::kString && code_of(*expected) == code) return expected;
  if (expected && byte_size(*expected) > 0 && code == fmt::format("V{}", byte_size(*expected)))
    return expected;
  for (const Code& entry : kCodes) {
    if (entry.code == code) return entry.type;
  }
  if (code == "V2") return DType::kBfloat16;
  return std::nullopt;
}

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<int64_t> dims;
  size_t data_offset = 0;
};

// The text after `'key':`, without leading blanks.
std::string_view entry(std::string_view header, std::string_view key) {
  const size_t at = header.find(fmt::format("'{}'", key));
  if (at == std::string_view::npos) throw CompileError("the .npy header has no '{}'", key);
  std::string_view rest = header.substr(at + key.size() + 2);
  const size_t value = rest.find_first_not_of(": ");
  if (value == std::string_view::npos) throw CompileError("the .npy header is cut after '{}'", key);
  return rest.substr(value);
}

std::vector<int64_t> parse_shape(std::string_view text) {
  std::vector<int64_t> dims;
  if (text.empty() || text.front() != '(')
    throw CompileError("the .npy header's shape is no tuple");
  const size_t close = text.find(')');
  if (close == std::string_view::npos) throw CompileError("the .npy header's shape is not closed");
  text = text.substr(1, close - 1);
  while (true) {
    const size_t start = text.find_first_not_of(", ");
    if (start == std::string_view::npos) return dims;
    text.remove_prefix(start);
    int64_t dim = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), dim);
    if (error != std::errc() || dim < 0)
      throw CompileError("the .npy header's shape holds \"{}\"", text);
    dims.push_back(dim);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
  }
}

Header parse_header(std::string_view file) {
  if (file.substr(0, kMagic.size()) != kMagic) throw CompileError("this is no .npy file");
  if (file.size() < kPrefix) throw CompileError("the .npy file is cut in its header");
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(file[i])); };
  const size_t version = byte(6);
  size_t length = byte(8) | byte(9) << 8;
  size_t prefix = kPrefix;
  if (version >= 2) {
    prefix += 2;
    if (file.size() < prefix) throw CompileError("the .npy file is cut in its header");
    length |= byte(10) << 16 | byte(11) << 24;
  }
  if (version < 1 || version > 3) throw CompileError("version {} of .npy is not known", version);
  if (length > file.size() - prefix) throw CompileError("the .npy file is cut in its header");
  const std::string_view text = file.substr(prefix, length);
  Header header;
  const std::string_view descr = entry(text, "descr");
  if (descr.empty() || descr.front() != '\'')
    throw CompileError("structured .npy arrays are not supported");
  header.descr = descr.substr(1, descr.find('\'', 1) - 1);
  header.fortran_order = entry(text, "fortran_order").substr(0, 4) == "True";
  header.dims = parse_shape(entry(text, "shape"));
  header.data_offset = prefix + length;
  return header;
}

void append_utf8(uint32_t code_point, std::string& text) {
  const auto add = [&](uint32_t byte) { text += static_cast<char>(byte); };
  if (code_point < 0x80) return add(code_point);
  if (code_point < 0x800) {
    add(0xc0 | code_point >> 6);
  } else {
    if (code_point < 0x10000) {
      add(0xe0 | code_point >> 12);
    } else {
      add(0xf0 | code_point >> 18);
      add(0x80 | (code_point >> 12 & 0x3f));
    }
    add(0x80 | (code_point >> 6 & 0x3f));
  }
  add(0x80 | (code_point & 0x3f));
}

std::u32string from_utf8(std::string_view text) {
  std::u32string result;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i++]);
    const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    uint32_t code_point = more == 0 ? lead : lead & (0x3f >> more);
    for (int k = 0; k < more && i < text.size(); ++k) {
      code_point = code_point << 6 | (static_cast<uint8_t>(text[i++]) & 0x3f);
    }
    result += static_cast<char32_t>(code_point);
  }
  return result;
}

// For every element in C order, its place in Fortran order.
std::vector<size_t> fortran_places(const std::vector<int64_t>& dims, size_t count) {
  std::vector<size_t> strides(dims.size());
  size_t stride = 1;
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    strides[axis] = stride;
    stride *= static_cast<size_t>(dims[axis]);
  }
  std::vector<size_t> places(count);
  std::vector<int64_t> index(dims.size(), 0);
  size_t place = 0;
  for (size_t i = 0; i < count; ++i) {
    places[i] = place;
    for (size_t axis = dims.size(); axis-- > 0;) {
      place += strides[axis];
      if (++index[axis] < dims[axis]) break;
      place -= strides[axis] * static_cast<size_t>(dims[axis]);
      index[axis] = 0;
    }
  }
  return places;
}

void swap_bytes(std::vector<std::byte>& bytes, size_t unit) {
  for (size_t i = 0; i + unit <= bytes.size(); i += unit) {
    std::reverse(bytes.begin() + static_cast<ptrdiff_t>(i),
                 bytes.begin() + static_cast<ptrdiff_t>(i + unit));
  }
}

// C order, little endian.
std::vector<std::byte> normalised(const Header& header, std::span<const std::byte> data,
                                  size_t width, size_t unit) {
  std::vector<std::byte> bytes(data.begin(), data.end());
  if (header.descr[0] == '>') swap_bytes(bytes, unit);
  if (!header.fortran_order) return bytes;
  std::vector<std::byte> ordered(bytes.size());
  const std::vector<size_t> places =
      fortran_places(header.dims, bytes.size() / std::max<size_t>(width, 1));
  for (size_t i = 0; i < places.size(); ++i) {
    std::memcpy(ordered.data() + i * width, bytes.data() + places[i] * width, width);
  }
  return ordered;
}

size_t checked_bytes(const Header& header, size_t width, size_t available) {
  int64_t bytes = static_cast<int64_t>(width);
  for (const int64_t dim : header.dims) {
    if (__builtin_mul_overflow(bytes, dim, &bytes)) {
      throw CompileError("the shape ({}) is absurd", fmt::join(header.dims, ","));
    }
  }
  if (static_cast<size_t>(bytes) > available) {
    throw CompileError("the file is cut: its shape ({}) needs {} bytes, {} are there",
                       fmt::join(header.dims, ","), bytes, available);
  }
  return static_cast<size_t>(bytes);
}

Tensor read_strings(const Header& header, std::span<const std::byte> data, size_t characters) {
  const size_t width = 4 * characters;
  const size_t size =
      checked_bytes(header, std::max<size_t>(width, 1), width == 0 ? SIZE_MAX / 2 : data.size());
  const size_t count = size / std::max<size_t>(width, 1);
  const std::vector<std::byte> bytes = normalised(header, data.first(width * count), width, 4);
  std::vector<std::string> strings(count);
  for (size_t i = 0; i < count; ++i) {
    std::u32string text(characters, U'\0');
    if (width > 0) std::memcpy(text.data(), bytes.data() + i * width, width);
    while (!text.empty() && text.back() == U'\0') text.pop_back();
    for (const char32_t c : text) append_utf8(static_cast<uint32_t>(c), strings[i]);
  }
  return Tensor::of_strings(header.dims, std::move(strings));
}

Tensor parse(const std::shared_ptr<const MappedFile>& file, std::optional<DType> expected) {
  const Header header = parse_header(file->text());
  const std::span<const std::byte> data = file->bytes().subspan(header.data_offset);
  if (header.descr.size() < 2)
    throw CompileError("the element type '{}' is not known", header.descr);
  const std::string_view code = std::string_view(header.descr).substr(1);
  if (code[0] == 'U') {
    size_t characters = 0;
    std::from_chars(code.data() + 1, code.data() + code.size(), characters);
    if (characters > (size_t{1} << 32))
      throw CompileError("the element type '{}' is absurd", header.descr);
    return read_strings(header, data, characters);
  }
  const auto type = type_of(code, expected);
  if (!type) throw CompileError("the element type '{}' is not known", header.descr);
  const size_t width = byte_size(*type);
  const auto bytes = data.first(checked_bytes(header, width, data.size()));
  if (!header.fortran_order && header.descr[0] != '>')
    return Tensor(*type, header.dims, bytes, file);
  const size_t unit = code[0] == 'c' ? width / 2 : width;
  auto owned = std::make_shared<std::vector<std::byte>>(normalised(header, bytes, width, unit));
  return Tensor(*type, header.dims, *owned, owned);
}

std::string header_text(const std::string& descr, const std::vector<int64_t>& dims) {
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                 descr, fmt::join(dims, ", "), dims.size() == 1 ? "," : "");
  text.append(kAlignment - 1 - (kPrefix + text.size()) % kAlignment, ' ');
  text += '\n';
  const auto length = static_cast<uint16_t>(text.size());
  std::string result(kMagic);
  result += {'\x01', '\x00', static_cast<char>(length & 0xff), static_cast<char>(length >> 8)};
  return result + text;
}

std::string string_npy(const Tensor& tensor) {
  std::vector<std::u32string> texts;
  size_t characters = 1;
  for (const std::string& text : tensor.strings()) {
    texts.push_back(from_utf8(text));
    characters = std::max(characters, texts.back().size());
  }
  std::string bytes = header_text(fmt::format("<U{}", characters), tensor.dims());
  for (std::u32string& text : texts) {
    text.resize(characters, U'\0');
    bytes.append(reinterpret_cast<const char*>(text.data()), 4 * characters);
  }
  return bytes;
}

}  // namespace

Tensor read_npy(const std::string& path, std::optional<DType> expected) {
  return in_context(path, [&] { return parse(MappedFile::open(path), expected); });
}

std::string npy_bytes(const Tensor& tensor) {
  if (tensor.type() == DType::kString) return string_npy(tensor);
  const std::string code = code_of(tensor.type());
  std::string bytes =
      header_text((byte_size(tensor.type()) == 1 ? "|" : "<") + code, tensor.dims());
  bytes.append(reinterpret_cast<const char*>(tensor.bytes().data()), tensor.byte_count());
  return bytes;
}

void write_npy(const std::string& path, const Tensor& tensor) {
  write_file(path, npy_bytes(tensor));
}

}  // namespace onnxc
