// The tree keeps its own rules: lists match files, includes point one way, files stay short, ONNX's
// names stay put.
#include <gtest/gtest.h>
#include <onnx/defs/schema.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

const fs::path kRoot = ONNXC_SOURCE_DIR;

std::string read(const fs::path& path) {
  std::ifstream file(kRoot / path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Files below `folder` whose name ends in one of `endings`, relative to the root and sorted.
std::vector<std::string> files(const std::string& folder, const std::vector<std::string>& endings) {
  std::vector<std::string> found;
  if (!fs::exists(kRoot / folder)) return found;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
    const bool wanted =
        std::find(endings.begin(), endings.end(), entry.path().extension()) != endings.end();
    if (entry.is_regular_file() && wanted)
      found.push_back(fs::relative(entry.path(), kRoot).string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::string> sources(const std::vector<std::string>& folders) {
  std::vector<std::string> all;
  for (const std::string& folder : folders) {
    const auto some = files(folder, {".h", ".cc", ".cpp", ".c", ".cu", ".cuh", ".def"});
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

struct Entry {
  std::string word;  // PASS, CLEANUP, OPS
  std::string name;
  std::vector<std::string> arguments;  // the quoted ones
};

std::vector<Entry> list_entries(const std::string& path) {
  static const std::regex kEntry(R"(^\s*([A-Z]+)\((\w+)([^)]*)\))");
  static const std::regex kQuoted("\"((?:[^\"\\\\]|\\\\.)*)\"");
  std::vector<Entry> entries;
  std::istringstream lines(read(path));
  std::string line;
  while (std::getline(lines, line)) {
    std::smatch match;
    if (!std::regex_search(line, match, kEntry)) continue;
    Entry entry{match[1], match[2], {}};
    const std::string rest = line.substr(static_cast<size_t>(match.position(3)));
    for (std::sregex_iterator it(rest.begin(), rest.end(), kQuoted), end; it != end; ++it) {
      entry.arguments.push_back((*it)[1]);
    }
    entries.push_back(entry);
  }
  return entries;
}

Names names_of(const std::vector<Entry>& entries) {
  Names names;
  for (const Entry& entry : entries)
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name << " is listed twice";
  return names;
}

// Stems of the .cc files in `folder` whose text matches `definition`, in which @ stands for the
// stem.
Names defining_files(const std::string& folder, const std::string& definition) {
  Names stems;
  for (const std::string& path : files(folder, {".cc"})) {
    const std::string stem = fs::path(path).stem();
    const std::regex pattern(std::regex_replace(definition, std::regex("@"), stem));
    if (std::regex_search(read(path), pattern)) stems.insert(stem);
  }
  return stems;
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

struct Include {
  std::string file;
  bool quoted;
};

std::vector<Include> includes(const std::string& path) {
  static const std::regex kInclude(R"re((?:^|\n)\s*#\s*include\s*(["<])([^">]+)[">])re");
  const std::string text = read(path);
  std::vector<Include> found;
  for (std::sregex_iterator it(text.begin(), text.end(), kInclude), end; it != end; ++it) {
    found.push_back({(*it)[2], (*it)[1] == "\""});
  }
  return found;
}

bool starts_with_any(const std::string& text, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return text.rfind(prefix, 0) == 0; });
}

TEST(Lists, OpListMatchesTheFiles) {
  const Names listed = names_of(list_entries("compiler/ops/op_list.def"));
  EXPECT_FALSE(listed.empty());
  EXPECT_EQ(listed, defining_files("compiler/ops", R"(OPS_END\(@\))"));
}

TEST(Lists, PassListMatchesTheFiles) {
  const Names listed = names_of(list_entries("compiler/passes/pass_list.def"));
  EXPECT_FALSE(listed.empty());
  EXPECT_EQ(listed, defining_files("compiler/passes", R"(\bbool @\()"));
}

TEST(Lists, EveryPassHasSummaryAndTest) {
  for (const Entry& pass : list_entries("compiler/passes/pass_list.def")) {
    EXPECT_FALSE(pass.arguments.empty() || pass.arguments.front().empty())
        << pass.name << " has no summary";
    const fs::path test = "tests/compiler/passes/" + pass.name + "_test.cc";
    EXPECT_TRUE(fs::exists(kRoot / test)) << "no " << test;
  }
}

TEST(Lists, PassesStandAfterWhatTheyNeed) {
  Names earlier;
  for (const Entry& pass : list_entries("compiler/passes/pass_list.def")) {
    if (pass.word == "PASS" && pass.arguments.size() > 1) {
      for (std::string needed : words(pass.arguments[1])) {
        if (needed.back() == ',') needed.pop_back();
        EXPECT_TRUE(earlier.count(needed)) << pass.name << " stands before " << needed;
      }
    }
    earlier.insert(pass.name);
  }
}

// Which folders a folder's files may include besides their own. `compiler` is what stands directly
// in it.
const std::map<std::string, std::string> kMayInclude = {
    {"compiler/support", ""},
    {"compiler/options.h", "compiler/support compiler/ir"},
    {"compiler/ir", "compiler/support"},
    {"compiler/eval", "compiler/support compiler/ir compiler/options.h templates"},
    {"compiler/frontend", "compiler/support compiler/ir compiler/options.h"},
    {"compiler/ops", "compiler/support compiler/ir compiler/options.h compiler/eval"},
    {"compiler/passes",
     "compiler/support compiler/ir compiler/options.h compiler/eval compiler/frontend "
     "compiler/ops"},
    {"compiler/plan",
     "compiler/support compiler/ir compiler/options.h compiler/eval compiler/frontend compiler/ops "
     "compiler/passes"},
    {"codegen/native", "compiler/support"},
    {"codegen",
     "compiler/support compiler/ir compiler/options.h compiler/eval compiler/ops compiler/passes "
     "compiler/plan"},
    {"compiler",
     "compiler/support compiler/ir compiler/options.h compiler/eval compiler/frontend compiler/ops "
     "compiler/passes compiler/plan codegen codegen/native runtime"},
    {"templates", ""},
    {"runtime", ""},
};

// The key of kMayInclude that `path` belongs to: the longest that it starts with.
std::string folder_of(const std::string& path) {
  std::string best;
  for (const auto& [folder, allowed] : kMayInclude) {
    const bool inside = path == folder || path.rfind(folder + "/", 0) == 0;
    if (inside && folder.size() > best.size()) best = folder;
  }
  return best;
}

TEST(Includes, PointOneWay) {
  for (const std::string& path : sources({"compiler", "codegen", "templates", "runtime"})) {
    const std::string folder = folder_of(path);
    const std::vector<std::string> allowed = words(kMayInclude.at(folder));
    for (const Include& include : includes(path)) {
      if (!include.quoted || include.file.find('/') == std::string::npos) continue;
      const std::string target = folder_of(include.file);
      EXPECT_TRUE(target == folder || std::count(allowed.begin(), allowed.end(), target))
          << path << " includes " << include.file;
    }
  }
}

TEST(Includes, NameAPathFromTheRoot) {
  for (const std::string& path : sources({"compiler", "codegen", "templates"})) {
    for (const Include& include : includes(path)) {
      if (include.quoted) {
        EXPECT_TRUE(fs::exists(kRoot / include.file)) << path << " includes " << include.file;
      }
    }
  }
}

TEST(Includes, ForeignHeadersStayInTheirFolder) {
  const std::map<std::string, std::vector<std::string>> kHome = {
      {"compiler/frontend/", {"onnx/", "google/"}},
      {"codegen/native/", {"llvm/", "llvm-c/", "clang/", "clang-c/", "lld/"}},
      {"codegen/cuda/", {"cuda", "nvrtc", "nvJitLink"}},
  };
  for (const std::string& path : sources({"compiler", "codegen", "runtime"})) {
    for (const Include& include : includes(path)) {
      for (const auto& [home, prefixes] : kHome) {
        if (path.rfind(home, 0) == 0) continue;
        EXPECT_FALSE(starts_with_any(include.file, prefixes))
            << path << " includes " << include.file;
      }
    }
  }
}

TEST(Includes, OfKernelsExistForEveryTarget) {
  const Names kFreestanding = {"stddef.h", "stdint.h", "string.h", "immintrin.h", "arm_neon.h"};
  for (const std::string& path : sources({"templates"})) {
    if (path.rfind("templates/cuda/", 0) == 0) continue;
    for (const Include& include : includes(path)) {
      if (!include.quoted) {
        EXPECT_TRUE(kFreestanding.count(include.file)) << path << " includes " << include.file;
      }
    }
  }
}

TEST(OperatorNames, StayOutOfPassesPlanAndCodegen) {
  Names operators = {
      "AffineGrid",         "Attention",    "Col2Im",      "DeformConv",       "Gelu",
      "GroupNormalization", "ImageDecoder", "Mish",        "RMSNormalization", "RegexFullMatch",
      "RotaryEmbedding",    "StringConcat", "StringSplit", "TensorScatter"};
  for (const onnx::OpSchema& schema : onnx::OpSchemaRegistry::get_all_schemas())
    operators.insert(schema.Name());
  EXPECT_GT(operators.size(), 180u);
  operators.erase("Size");  // also the kernels' type for sizes known at run time

  const std::regex comment("//[^\n]*");
  const std::regex literal("\"(\\w+)\"");
  for (const std::string& path : sources({"compiler/passes", "compiler/plan", "codegen"})) {
    const std::string text = std::regex_replace(read(path), comment, "");
    for (std::sregex_iterator it(text.begin(), text.end(), literal), end; it != end; ++it) {
      EXPECT_FALSE(operators.count((*it)[1])) << path << " names " << (*it)[1];
    }
  }
}

TEST(Files, AreShort) {
  for (const std::string& path :
       sources({"compiler", "codegen", "templates", "runtime", "tests", "samples"})) {
    const std::string text = read(path);
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 800) << path;
  }
}

TEST(Files, BeginWithWhatTheyHold) {
  for (const std::string& path :
       sources({"compiler", "codegen", "templates", "runtime", "tests", "samples"})) {
    EXPECT_TRUE(starts_with_any(read(path), {"// ", "/* "})) << path;
  }
}

TEST(Folders, HaveAReadmeOfAPage) {
  for (const char* folder : {"compiler", "codegen", "runtime", "templates", "tests", "samples"}) {
    const fs::path readme = fs::path(folder) / "README.md";
    EXPECT_TRUE(fs::exists(kRoot / readme)) << readme;
    const std::string text = read(readme);
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 90) << readme;
  }
}

}  // namespace
