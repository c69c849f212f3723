// The keys of the two outermost levels decide.
#include "compiler/frontend/detect_json.h"

#include <fmt/ranges.h>

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

using Json = nlohmann::json;

class KeyCollector : public Json::json_sax_t {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override { return ++depth_ > 0; }
  bool start_array(size_t) override { return ++depth_ > 0; }
  bool end_object() override { return --depth_ >= 0; }
  bool end_array() override { return --depth_ >= 0; }
  bool key(string_t& key) override {
    if (depth_ == 1) {
      outer_ = key;
      keys_.insert(key);
    } else if (depth_ == 2) {
      keys_.insert(outer_ + "." + key);
    } else {
      return true;
    }
    return !verdict();
  }
  bool parse_error(size_t position, const std::string&, const Json::exception& error) override {
    position_ = position;
    const std::string text = error.what();
    error_ = text.substr(text.find("] ") == std::string::npos ? 0 : text.find("] ") + 2);
    return false;
  }

  std::optional<FileFormat> verdict() const {
    if (has_any({"irVersion", "ir_version", "opsetImport", "opset_import", "graph.node",
                 "graph.initializer"})) {
      return FileFormat::kProtobufJson;
    }
    if (has_any({"model.graph", "model.metadata"})) return FileFormat::kNumrsCheckpoint;
    if (has_any({"graph.nodes", "graph.initializers"})) return FileFormat::kNumrs;
    return std::nullopt;
  }

  bool has(const char* key) const { return keys_.count(key) > 0; }
  bool has_any(std::initializer_list<const char*> keys) const {
    for (const char* key : keys) {
      if (has(key)) return true;
    }
    return false;
  }
  std::vector<std::string> outer_keys() const {
    std::vector<std::string> result;
    for (const std::string& key : keys_) {
      if (key.find('.') == std::string::npos && result.size() < 8) result.push_back(key);
    }
    return result;
  }
  const std::string& error() const { return error_; }

 private:
  int depth_ = 0;
  std::string outer_, error_;
  size_t position_ = 0;
  std::set<std::string> keys_;
};

}  // namespace

FileFormat detect_json(std::string_view text) {
  KeyCollector keys;
  Json::sax_parse(text.begin(), text.end(), &keys);
  if (const auto format = keys.verdict()) return *format;
  if (keys.has("phoneme_id_map") || keys.has("espeak") ||
      (keys.has("audio") && keys.has("num_symbols"))) {
    throw CompileError(
        "this is a Piper voice configuration, not the voice; give the .onnx file beside it");
  }
  if (!keys.error().empty())
    throw CompileError("this is JSON that is cut off or broken: {}", keys.error());
  if (keys.has("metadata") && keys.has("graph")) return FileFormat::kNumrs;
  if (keys.has("modelTopology"))
    throw CompileError("this is a TensorFlow.js model; convert it to ONNX first");
  if (keys.has("weight_map"))
    throw CompileError("this is the index of a safetensors model; export it to ONNX first");
  if (keys.has_any({"architectures", "model_type", "transformers_version"})) {
    throw CompileError(
        "this is a Hugging Face model configuration; export the model to ONNX first");
  }
  if (keys.has_any({"added_tokens", "tokenizer_class"}))
    throw CompileError("this is a tokenizer, not a model");
  throw CompileError("this is JSON, but no model: its keys are {}",
                     fmt::join(keys.outer_keys(), ", "));
}

}  // namespace onnxc
