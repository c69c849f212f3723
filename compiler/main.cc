// The onnxc tool.
#include <cstdio>
#include <fstream>

#include "codegen/weights.h"
#include "compiler/compile.h"
#include "compiler/frontend/load_model.h"
#include "compiler/support/diagnostics.h"

int main(int argc, char** argv) {
  using namespace onnxc;
  try {
    Options o;
    std::string out;
    for (int i = 2; i < argc; ++i) {
      if (std::string(argv[i]) == "-o") out = argv[++i];
      if (std::string(argv[i]) == "--march") o.march = argv[++i];
      if (std::string(argv[i]) == "--dump-ir") o.dump_ir = argv[++i];
    }
    const OnnxModel m = load_model(argv[1]);
    const auto slash = out.rfind('/');
    const std::string stem = out.substr(0, out.rfind('.'));
    o.name = stem.substr(slash == std::string::npos ? 0 : slash + 1);
    const Compiled c = compile(m, o);
    std::ofstream(out) << c.files.source;
    std::ofstream(stem + ".h") << c.files.header;
    std::ofstream w(stem + ".weights", std::ios::binary);
    write_blob(c.program, c.identity.model_sha256, [&](auto b) { w.write(reinterpret_cast<const char*>(b.data()), static_cast<std::streamsize>(b.size())); });
  } catch (const CompileError& e) {
    std::fprintf(stderr, "onnxc: error: %s\n", e.what());
    for (const auto& n : e.notes()) std::fprintf(stderr, "note: %s\n", n.c_str());
    return 1;
  }
}
