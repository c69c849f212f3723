// Names from models cannot become code.
#include "compiler/support/plain_text.h"

#include <gtest/gtest.h>

#include <span>

#include "compiler/compile.h"
#include "compiler/frontend/load_model.h"
#include "tests/support/wire_writer.h"

namespace onnxc {
namespace {

TEST(PlainText, KeepsWhatIsHarmless) {
  EXPECT_EQ(plain_text("2*batch + größe (N/2)"), "2*batch + größe (N/2)");
  EXPECT_EQ(plain_text("a\nb\t\"c\" \\"), "a_b__c_ _");
  EXPECT_EQ(plain_text("x */ y"), "x *_ y");
}

TEST(PlainText, NamedSizesDoNotBecomeCode) {
  const WireMessage size = WireMessage().bytes(2, "b\nint injected;\n//");
  const WireMessage tensor = WireMessage().varint(1, 1).message(2, WireMessage().message(1, size));
  const auto value = [&](const std::string& name) {
    return WireMessage().bytes(1, name).message(2, WireMessage().message(1, tensor));
  };
  const WireMessage graph = WireMessage()
                                .message(1, wire_node("Relu", {"x"}, {"y"}))
                                .bytes(2, "g")
                                .message(11, value("x"))
                                .message(12, value("y"));
  const std::string file =
      WireMessage().varint(1, 8).message(7, graph).message(8, wire_opset(17)).text();
  OnnxModel model = load_model_bytes(std::as_bytes(std::span(file)));
  model.path = "a\nint injected;\n.onnx";
  const Compiled compiled = compile(model, Options{});
  EXPECT_EQ(compiled.files.source.find("\nint injected;"), std::string::npos);
  EXPECT_EQ(compiled.files.header.find("\nint injected;"), std::string::npos);
}

}  // namespace
}  // namespace onnxc
