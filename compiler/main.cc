// The onnxc tool.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "codegen/weights.h"
#include "compiler/compile.h"
#include "compiler/frontend/load_model.h"
#include "compiler/frontend/test_data.h"
#include "compiler/support/diagnostics.h"
#include "compiler/tool/native_model.h"

using namespace onnxc;

namespace {

bool verify_folder(const std::string& folder, Options o, const std::string& via) {
  try {
    const OnnxModel m = load_model(folder + "/model.onnx");
    o.march = host_march();
    const Compiled c = compile(m, o);
    NativeModel native(c, via, o.march);
    for (const auto& set : find_test_data(folder)) {
      std::vector<Tensor> in;
      for (size_t i = 0; i < m.graph.inputs.size(); ++i) in.push_back(read_test_value(set.inputs.at(i), m.graph.inputs[i].type).tensor);
      NativeModel::Call call(native, in);
      call.run();
      const auto out = call.outputs();
      for (size_t i = 0; i < set.outputs.size(); ++i) {
        if (set.outputs[i].empty()) continue;
        const Tensor want = read_test_value(set.outputs[i], m.graph.outputs[i].type).tensor;
        const Tensor& got = out.at(i);
        if (got.type() != want.type()) throw CompileError("output {} is {}, expected {}", i, name(got.type()), name(want.type()));
        if (got.dims() != want.dims()) throw CompileError("output {} has another shape", i);
        double worst = 0, largest = 0;
        int64_t at = 0;
        bool ok = true;
        for (int64_t k = 0; k < got.size(); ++k) {
          const double a = got.as_double(k), b = want.as_double(k);
          const double d = (std::isnan(a) && std::isnan(b)) || a == b ? 0 : std::isnan(a - b) ? INFINITY : std::fabs(a - b);
          largest = std::max(largest, std::fabs(b));
          if (d > worst) worst = d, at = k;
          ok &= d <= 1e-3 * std::fabs(b) + 1e-5;
        }
        if (!ok && worst > 1e-4 * largest) throw CompileError("output {} differs by {} at {} of {}: got {}, want {}", i, worst, at, got.size(), got.as_double(at), want.as_double(at));
      }
    }
    return true;
  } catch (const CompileError& e) {
    std::string first(e.what());
    if (first.size() > 1500) first.resize(1500);
    std::printf("FAIL %s: %s\n", folder.c_str(), first.c_str());
    for (const auto& n : e.notes()) std::printf("  note: %s\n", n.c_str());
  } catch (const std::exception& e) {
    std::string first(e.what());
    if (first.size() > 1500) first.resize(1500);
    std::printf("FAIL %s: exception %s\n", folder.c_str(), first.c_str());
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Options o;
    std::string out, via = "clang";
    std::vector<std::string> files;
    for (int i = 1; i < argc; ++i) {
      const std::string a = argv[i];
      if (a == "-o") out = argv[++i];
      else if (a == "--march") o.march = argv[++i];
      else if (a == "--dump-ir") o.dump_ir = argv[++i];
      else if (a == "--via") via = argv[++i];
      else if (a == "--disable-pass") o.disabled_passes.insert(argv[++i]);
      else files.push_back(a);
    }
    if (files[0] == "verify") {
      int passed = 0, failed = 0;
      for (size_t i = 1; i < files.size(); ++i) {
        (verify_folder(files[i], o, via) ? passed : failed)++;
        std::fflush(stdout);
      }
      std::printf("%d passed, %d failed\n", passed, failed);
      return failed != 0;
    }
    const OnnxModel m = load_model(files[0]);
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
