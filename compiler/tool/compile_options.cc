// From words to Options.
#include "compiler/tool/compile_options.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "codegen/cpp/isa.h"
#include "codegen/native/native.h"
#include "compiler/passes/pass.h"

namespace onnxc {
namespace {

std::optional<int64_t> number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::pair<std::string, DimBounds> parse_dim(const std::string& text) {
  const auto fail = [&](const std::string& why) -> CLI::ValidationError {
    return CLI::ValidationError("--dim " + text, why);
  };
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0)
    throw fail("expected NAME=SIZE or NAME=SMALLEST..LARGEST");
  const std::string sizes = text.substr(equals + 1);
  const size_t dots = sizes.find("..");
  const auto low = number(sizes.substr(0, dots));
  const auto high = dots == std::string::npos ? low : number(sizes.substr(dots + 2));
  if (!low || !high) throw fail("expected NAME=SIZE or NAME=SMALLEST..LARGEST with whole numbers");
  if (*low < 0 || (*low == 0 && *high == 0)) throw fail("a size is positive");
  if (*low > *high) throw fail("the smallest size is larger than the largest");
  if (*high > int64_t{1} << 31) throw fail("sizes end at 2147483648");
  return {text.substr(0, equals), {*low, *high}};
}

WeightsMode parse_weights(const std::string& text) {
  if (text == "embed") return WeightsMode::kEmbed;
  if (text == "source") return WeightsMode::kSource;
  return WeightsMode::kFile;
}

void check_pass(const std::string& name) {
  std::vector<std::string_view> known;
  for (const Pass& pass : all_passes()) known.push_back(pass.name);
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  throw CLI::ValidationError("--disable-pass", fmt::format("no pass is called \"{}\"; there are {}",
                                                           name, fmt::join(known, ", ")));
}

void check_march(const std::string& march) {
  const auto known = isa_names();
  if (std::find(known.begin(), known.end(), march) != known.end()) return;
  throw CLI::ValidationError("--march", fmt::format("unknown machine \"{}\"; known are native, {}",
                                                    march, fmt::join(known, ", ")));
}

}  // namespace

std::string default_march() {
#if defined(__aarch64__) || defined(__arm__)
  return "armv8-a";
#else
  return "x86-64-v3";
#endif
}

void add_compile_options(CLI::App& app, CompileArguments& a, const std::string& default_march) {
  const std::string group = "Compiling";
  app.add_option("--march", a.march, "machine to write code for; default " + default_march)
      ->type_name("MARCH")
      ->group(group);
  app.add_option("--weights", a.weights, "where the weights go; default file")
      ->check(CLI::IsMember({"file", "embed", "source"}))
      ->type_name("file|embed|source")
      ->group(group);
  app.add_option("--dim", a.dims, "fixes or bounds a named size: batch=8, batch=1..64; repeatable")
      ->type_name("NAME=SIZES")
      ->expected(1)
      ->take_all()
      ->group(group);
  app.add_option("--name", a.name, "prefix of the generated functions; default from the file name")
      ->type_name("NAME")
      ->group(group);
  app.add_option(
         "--precision", a.precision,
         "strict: no less accurate than plain float sums; fp32 (default): within 5e-5 of the "
         "largest output")
      ->check(CLI::IsMember({"strict", "fp32"}))
      ->type_name("strict|fp32")
      ->group(group);
  app.add_option("--dump-ir", a.dump_ir, "writes the graph after every pass into this folder")
      ->type_name("DIR")
      ->group(group);
  app.add_option("--disable-pass", a.disabled_passes,
                 "leaves out a pass of --print-passes; repeatable")
      ->type_name("PASS")
      ->expected(1)
      ->take_all()
      ->group(group);
  app.add_flag("-v,--verbose", a.verbose, "says more");
}

void add_via_option(CLI::App& app, CompileArguments& a) {
  a.via = native_available() ? "clang" : "g++";
  app.add_option("--via", a.via,
                 "compiler of the written source: clang in process, or one that is run with -O2; "
                 "default " +
                     a.via)
      ->check(CLI::IsMember({"clang", "g++", "clang++"}))
      ->type_name("clang|g++|clang++");
}

Options options_of(const CompileArguments& a, const std::string& march_if_none) {
  Options options;
  options.name = a.name;
  options.march = a.march.empty() ? march_if_none : a.march;
  if (options.march == "native") options.march = host_march();
  check_march(options.march);
  options.weights = parse_weights(a.weights);
  options.precision = a.precision == "strict" ? Precision::kStrict : Precision::kFp32;
  for (const std::string& text : a.dims) {
    const auto [name, bounds] = parse_dim(text);
    if (!options.dims.emplace(name, bounds).second)
      throw CLI::ValidationError("--dim " + text, "this size is given twice");
  }
  options.dump_ir = a.dump_ir;
  for (const std::string& name : a.disabled_passes) {
    check_pass(name);
    options.disabled_passes.insert(name);
  }
  return options;
}

bool asks_for_help(CLI::App& app, const std::vector<std::string>& words) {
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    return true;
  }
  return false;
}

}  // namespace onnxc
