// The one place that needs ONNX's generated protobuf classes.
#include "compiler/frontend/protobuf_text.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>
#include <onnx/onnx_pb.h>

#include <limits>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr int kMaxNesting = 200;

class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (text_.empty()) text_ = fmt::format("line {}, column {}: {}", line + 1, column + 1, message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void check_size(std::string_view text) {
  if (text.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    throw CompileError(
        "a model of more than 2 GB as text cannot be read; keep its weights as external data");
  }
}

std::string serialized(const onnx::ModelProto& model) {
  std::string bytes;
  if (!model.SerializePartialToString(&bytes)) {
    throw CompileError(
        "a model of more than 2 GB as text cannot be read; keep its weights as external data");
  }
  return bytes;
}

}  // namespace

std::string binary_from_protobuf_text(std::string_view text) {
  check_size(text);
  onnx::ModelProto model;
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  parser.AllowUnknownField(true);
  parser.AllowPartialMessage(true);
  parser.SetRecursionLimit(kMaxNesting);
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  if (!parser.Parse(&stream, &model))
    throw CompileError("the protobuf text is broken: {}", error.text());
  return serialized(model);
}

std::string binary_from_protobuf_json(std::string_view text) {
  check_size(text);
  onnx::ModelProto model;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status =
      google::protobuf::util::JsonStringToMessage({text.data(), text.size()}, &model, options);
  if (!status.ok())
    throw CompileError("the protobuf JSON is broken: {}", status.message().ToString());
  return serialized(model);
}

}  // namespace onnxc
