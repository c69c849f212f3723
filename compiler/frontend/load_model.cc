// From bytes to the reader of their format, with the file's name in front of every error.
#include "compiler/frontend/load_model.h"

#include <cstring>
#include <filesystem>
#include <new>

#include "compiler/frontend/decode_onnx.h"
#include "compiler/frontend/detect_format.h"
#include "compiler/frontend/import_model.h"
#include "compiler/frontend/numrs.h"
#include "compiler/frontend/parse_onnx_text.h"
#include "compiler/frontend/protobuf_text.h"
#include "compiler/support/diagnostics.h"
#include "compiler/support/mapped_file.h"
#include "compiler/support/sha256.h"

namespace onnxc {
namespace {

namespace fs = std::filesystem;

std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

OnnxModel import_binary(Bytes bytes, std::shared_ptr<const void> owner, ExternalData& external) {
  return import_model(decode_model(bytes), {std::move(owner), &external});
}

OnnxModel import_binary(std::string binary, ExternalData& external) {
  const auto owner = std::make_shared<const std::string>(std::move(binary));
  return import_binary(std::as_bytes(std::span(*owner)), owner, external);
}

OnnxModel import_bytes(Bytes bytes, std::shared_ptr<const void> owner, ExternalData& external) {
  switch (detect_format(bytes)) {
    case FileFormat::kOnnx:
      return import_binary(bytes, std::move(owner), external);
    case FileFormat::kOnnxText:
      return import_model(parse_onnx_text(text_of(bytes)), {nullptr, &external});
    case FileFormat::kProtobufText:
      return import_binary(binary_from_protobuf_text(text_of(bytes)), external);
    case FileFormat::kProtobufJson:
      return import_binary(binary_from_protobuf_json(text_of(bytes)), external);
    case FileFormat::kNumrs:
    case FileFormat::kNumrsCheckpoint:
      return load_numrs(text_of(bytes));
  }
  throw InternalError(__FILE__, __LINE__, "a format without a reader");
}

// Runs `load` with `name` in front of its errors; also when memory runs out.
template <class Load>
OnnxModel named(const std::string& name, Bytes bytes, Load&& load) {
  return in_context(name, [&] {
    try {
      OnnxModel model = load();
      model.path = name;
      model.file_size = bytes.size();
      model.sha256 = sha256_hex(bytes);
      return model;
    } catch (const std::bad_alloc&) {
      throw CompileError("there is not enough memory to read the model");
    }
  });
}

[[noreturn]] void refuse_directory(const fs::path& path) {
  if (fs::exists(path / "saved_model.pb")) {
    throw CompileError(
        "this is a TensorFlow SavedModel; convert it to ONNX, for example with tf2onnx");
  }
  if (fs::exists(path / "model.onnx")) {
    throw CompileError("this is a directory; did you mean {}", (path / "model.onnx").string());
  }
  throw CompileError("this is a directory without a model.onnx, not a model");
}

}  // namespace

OnnxModel load_model(const std::string& path) {
  std::error_code ignored;
  const auto file = in_context(path, [&] {
    if (fs::is_directory(path, ignored)) refuse_directory(path);
    return MappedFile::open(path);
  });
  ExternalData external(fs::absolute(path).parent_path());
  return named(path, file->bytes(), [&] { return import_bytes(file->bytes(), file, external); });
}

OnnxModel load_model_text(std::string_view onnx_text, const std::string& name) {
  ExternalData external{std::nullopt};
  return named(name, std::as_bytes(std::span(onnx_text)), [&] {
    return import_model(parse_onnx_text(onnx_text), {nullptr, &external});
  });
}

OnnxModel load_model_bytes(std::span<const std::byte> bytes, const std::string& name) {
  const auto copy = std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
  ExternalData external{std::nullopt};
  return named(name, *copy, [&] { return import_bytes(*copy, copy, external); });
}

}  // namespace onnxc
