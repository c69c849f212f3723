// Signatures of other formats, then text, then the shape of the outermost protobuf message.
#include "compiler/frontend/detect_format.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "compiler/frontend/detect_json.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

using namespace std::string_view_literals;

struct Signature {
  size_t offset;
  std::string_view bytes;
  std::string_view what;
};

constexpr std::array kSignatures = {
    Signature{0, "version https://git-lfs.github.com/"sv,
              "a Git LFS pointer, not the model itself; fetch it with git lfs pull"},
    Signature{4, "TFL3"sv,
              "a TensorFlow Lite model; convert it to ONNX, for example with tf2onnx --tflite"},
    Signature{4, "ORTM"sv,
              "a model in ONNX Runtime's own format; give the .onnx file it was made from"},
    Signature{0, "GGUF"sv, "a GGUF file of weights (llama.cpp); it holds no graph of operators"},
    Signature{0, "\x1f\x8b"sv, "gzip-compressed; unpack it first"},
    Signature{0, "\x28\xb5\x2f\xfd"sv, "zstd-compressed; unpack it first"},
    Signature{0, "\xfd\x37zXZ"sv, "xz-compressed; unpack it first"},
    Signature{0, "BZh"sv, "bzip2-compressed; unpack it first"},
    Signature{0, "7z\xbc\xaf"sv, "a 7-Zip archive; unpack it first"},
    Signature{257, "ustar"sv, "a tar archive; unpack it first"},
    Signature{0, "\x89HDF"sv, "an HDF5 file (Keras or MATLAB); export the model to ONNX first"},
    Signature{0, "\x93NUMPY"sv, "a NumPy array (.npy), which is data and no model"},
    Signature{0, "\x89PNG"sv, "a PNG image"},
    Signature{0,
              "\x7f"
              "ELF"sv,
              "a program or library (ELF)"},
    Signature{0, "%PDF"sv, "a PDF document"},
    Signature{0, "ftrt"sv, "a TensorRT engine; give the ONNX model it was built from"},
    Signature{0, "ptrt"sv, "a TensorRT engine; give the ONNX model it was built from"},
    Signature{0, "7767517\n"sv, "an ncnn network description"},
    Signature{0, "\x80\x02"sv,
              "a Python pickle, probably PyTorch weights; export the model with torch.onnx.export"},
    Signature{0, "\x80\x04"sv, "a Python pickle; export the model to ONNX first"},
};

std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[noreturn]] void refuse(std::string_view what) { throw CompileError("this is {}", what); }

void refuse_zip(std::string_view text) {
  if (text.substr(0, 4) != "PK\x03\x04"sv) return;
  const auto start = text.substr(0, 4096);
  const auto holds = [&](std::string_view name) {
    return start.find(name) != std::string_view::npos;
  };
  if (holds("data.pkl") || holds("constants.pkl") || holds("/code/") || holds("/version")) {
    refuse("a PyTorch or TorchScript archive; export the model with torch.onnx.export");
  }
  if (holds("config.json") && holds("metadata.json"))
    refuse("a Keras model; export it to ONNX first");
  if (holds(".npy")) refuse("a NumPy archive (.npz), which is data and no model");
  refuse("a ZIP archive; unpack it first");
}

void refuse_safetensors(std::string_view text) {
  if (text.size() < 10 || text[8] != '{' || (text[9] != '"' && text[9] != '}' && text[9] != ' '))
    return;
  uint64_t header = 0;
  for (size_t i = 0; i < 8; ++i)
    header |= static_cast<uint64_t>(static_cast<uint8_t>(text[i])) << (8 * i);
  if (header > text.size() && header > (uint64_t{1} << 32)) return;
  refuse(
      "a safetensors file, which holds weights but no graph of operators; export the model to "
      "ONNX");
}

bool looks_like_text(std::string_view text) {
  const auto start = text.substr(0, 1024);
  return std::all_of(start.begin(), start.end(), [](char c) {
    const auto byte = static_cast<uint8_t>(c);
    return byte >= 0x20 ? byte != 0x7f
                        : byte == '\n' || byte == '\r' || byte == '\t' || byte == '\f';
  });
}

std::string_view skip_space_and_comments(std::string_view text) {
  if (text.substr(0, 3) == "\xef\xbb\xbf"sv) text.remove_prefix(3);
  while (!text.empty()) {
    if (text.front() == '#') {
      text.remove_prefix(std::min(text.find('\n'), text.size()));
    } else if (text.find_first_of(" \t\r\n\f") == 0) {
      text.remove_prefix(1);
    } else {
      break;
    }
  }
  return text;
}

bool starts_with_word_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    if (text.substr(0, word.size()) != word) return false;
    const auto rest = text.substr(word.size());
    const size_t next = rest.find_first_not_of(" \t\r\n");
    return next != std::string_view::npos && (rest[next] == ':' || rest[next] == '{');
  });
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

FileFormat detect_text(std::string_view whole) {
  const std::string_view text = skip_space_and_comments(whole);
  if (text.empty()) refuse("an empty text");
  if (text.front() == '{') return detect_json(text);
  const std::string start = lower(text.substr(0, 4096));
  if (start.starts_with("<!doctype html") || start.starts_with("<html")) {
    refuse(
        "an HTML page; the download probably gave an error or a login page instead of the model");
  }
  if (start.starts_with("<?xml") || start.starts_with("<net")) {
    refuse(start.find("<net") != std::string::npos
               ? "an OpenVINO network (XML); give the ONNX model it was made from"
               : "an XML document");
  }
  if (text.front() == '<' &&
      starts_with_word_of(skip_space_and_comments(text.substr(1)),
                          {"ir_version", "opset_import", "producer_name", "producer_version",
                           "domain", "model_version", "doc_string", "metadata_props"})) {
    return FileFormat::kOnnxText;
  }
  if (starts_with_word_of(
          text, {"ir_version", "opset_import", "producer_name", "producer_version", "graph",
                 "model_version", "domain", "doc_string", "metadata_props"})) {
    return FileFormat::kProtobufText;
  }
  if (starts_with_word_of(text, {"node", "library", "versions"})) {
    refuse("a TensorFlow graph as text; convert it to ONNX, for example with tf2onnx");
  }
  if (starts_with_word_of(text, {"name", "layer", "input", "layers"})) {
    refuse("a Caffe network or another protobuf text; it is no ONNX model");
  }
  const std::string_view line = text.substr(0, std::min<size_t>(text.find('\n'), 60));
  throw CompileError("this is text of an unknown kind, starting \"{}\"", line);
}

// The outermost fields of a protobuf message, as far as they can be read.
struct Outline {
  std::set<int> varints, messages, others;
  Bytes first_message;
  std::string error;  // why reading stopped early
  bool has(const std::set<int>& numbers, int number) const { return numbers.count(number) > 0; }
};

Outline outline_of(Bytes bytes) {
  Outline outline;
  WireReader reader(bytes, bytes.data());
  try {
    while (!reader.at_end()) {
      const WireField field = reader.next();
      if (field.kind == WireField::Kind::kVarint) {
        outline.varints.insert(field.number);
      } else if (field.kind == WireField::Kind::kBytes) {
        if (outline.messages.empty()) outline.first_message = field.payload;
        outline.messages.insert(field.number);
      } else {
        outline.others.insert(field.number);
      }
    }
  } catch (const CompileError& error) {
    outline.error = error.what();
  }
  return outline;
}

bool is_subset(const std::set<int>& numbers, std::initializer_list<int> allowed) {
  return std::all_of(numbers.begin(), numbers.end(), [&](int number) {
    return std::find(allowed.begin(), allowed.end(), number) != allowed.end();
  });
}

FileFormat detect_protobuf(Bytes bytes) {
  const Outline outline = outline_of(bytes);
  const bool fits_model = outline.others.empty() && is_subset(outline.varints, {1, 5}) &&
                          is_subset(outline.messages, {2, 3, 4, 6, 7, 8, 14, 20, 25, 26});
  const bool has_model_field = outline.has(outline.varints, 1) ||
                               outline.has(outline.messages, 7) || outline.has(outline.messages, 8);
  if (fits_model && outline.has(outline.messages, 7) && outline.error.empty())
    return FileFormat::kOnnx;
  if (outline.error.empty()) {
    const bool names_first =
        !outline.first_message.empty() && outline.first_message[0] == std::byte{0x0a};
    if (outline.others.empty() && is_subset(outline.varints, {1}) &&
        outline.messages == std::set<int>{2}) {
      refuse("a TensorFlow SavedModel; convert it to ONNX, for example with tf2onnx");
    }
    if (outline.others.empty() && is_subset(outline.varints, {3}) &&
        outline.has(outline.messages, 1) && is_subset(outline.messages, {1, 2, 4}) && names_first) {
      refuse("a TensorFlow graph (GraphDef); convert it to ONNX, for example with tf2onnx");
    }
    if (outline.has(outline.varints, 2) && !outline.has(outline.messages, 7)) {
      refuse("a single ONNX tensor (as in test_data_set folders), not a model");
    }
    if (outline.has(outline.varints, 1) && !outline.messages.empty() &&
        *outline.messages.rbegin() >= 200) {
      refuse("a Core ML model; export the original model to ONNX");
    }
    if (fits_model && has_model_field)
      throw CompileError("this looks like an ONNX model, but it holds no graph");
  } else if (has_model_field ||
             (fits_model && outline.messages.size() + outline.varints.size() > 0)) {
    throw CompileError("this looks like an ONNX model that is cut off or damaged: {}",
                       outline.error)
        .note(
            "compare the file's size with that of the original; an interrupted download is the "
            "usual reason");
  }
  if (fits_model && outline.error.empty() && !outline.messages.empty()) return FileFormat::kOnnx;
  // A model with stray fields is still worth reading: the decoder says precisely what is wrong.
  if (outline.error.empty() && outline.has(outline.messages, 7) &&
      outline.has(outline.varints, 1)) {
    return FileFormat::kOnnx;
  }
  std::string start;
  for (const std::byte byte : bytes.first(std::min<size_t>(bytes.size(), 8))) {
    start += fmt::format("{}{:02x}", start.empty() ? "" : " ", static_cast<int>(byte));
  }
  throw CompileError(
      "this is neither an ONNX model nor another known kind of file (it starts with the bytes {})",
      start);
}

}  // namespace

FileFormat detect_format(Bytes bytes) {
  if (bytes.empty()) throw CompileError("the file is empty");
  const std::string_view text = text_of(bytes);
  for (const Signature& signature : kSignatures) {
    if (text.size() > signature.offset &&
        text.substr(signature.offset, signature.bytes.size()) == signature.bytes) {
      refuse(signature.what);
    }
  }
  refuse_zip(text);
  refuse_safetensors(text);
  if (std::all_of(bytes.begin(),
                  bytes.begin() + static_cast<ptrdiff_t>(std::min<size_t>(bytes.size(), 4096)),
                  [](std::byte byte) { return byte == std::byte{0}; })) {
    refuse("a file of zeros; the download or copy was probably not finished");
  }
  return looks_like_text(text) ? detect_text(text) : detect_protobuf(bytes);
}

}  // namespace onnxc
