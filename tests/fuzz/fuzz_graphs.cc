// fuzz_graphs --seed S --count N: random graphs, compiled many to a program, against the evaluator.
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "codegen/native/native.h"
#include "compiler/support/diagnostics.h"
#include "compiler/tool/process_pool.h"
#include "tests/fuzz/builder.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/shrink.h"

namespace onnxc::fuzz {
namespace {

struct Arguments {
  uint64_t seed = 1;
  size_t count = 300, together = 24;
  int configurations = 1, jobs = 1, seconds = 120;
  std::string found = ".";
  std::vector<std::string> replay;
  bool print = false;
};

// A case as it was written, with the configuration of its first line ("# --march ...").
std::pair<Case, Configuration> read_found(const std::string& path) {
  std::ifstream file(path);
  std::stringstream content;
  content << file.rdbuf();
  const std::string line = content.str().substr(0, content.str().find('\n'));
  return {parse_case(content.str(), std::filesystem::path(path).stem().string()),
          parse_configuration(line.substr(std::min<size_t>(line.size(), 1)))};
}

std::string described(const std::exception& error) {
  std::string text = error.what();
  if (const auto* problem = dynamic_cast<const CompileError*>(&error)) {
    for (const std::string& note : problem->notes()) text += "\n" + note;
  }
  return text;
}

struct Batch {
  std::vector<uint64_t> seeds;
  std::vector<Configuration> configurations;
};

// Graphs of a batch that are wrong as they stand, and the rest.
std::vector<Prepared> prepared(const Batch& batch, std::string& problems, size_t& outputs,
                               size_t& undecided) {
  std::vector<Prepared> cases;
  for (const uint64_t seed : batch.seeds) {
    try {
      Case c = random_case(seed);
      if (c.model.graph.outputs.empty()) continue;
      // What is compiled is what a file would hold.
      cases.push_back(prepare(parse_case(text(c), c.name)));
      outputs += cases.back().expected.size();
      for (const Expected& e : cases.back().expected) undecided += e.depends_on_rounding;
    } catch (const std::exception& error) {
      problems += fmt::format("graph {}: does not evaluate: {}\n", seed, described(error));
    }
  }
  return cases;
}

// Empty, or what is wrong: one line a configuration that fails.
std::string check_batch(const Batch& batch) {
  std::string problems;
  size_t outputs = 0, undecided = 0;
  const std::vector<Prepared> cases = prepared(batch, problems, outputs, undecided);
  for (size_t k = 0; k < batch.configurations.size() && !cases.empty(); ++k) {
    const Problem problem = check(cases, batch.configurations[k]);
    if (!problem.text.empty()) problems += fmt::format("configuration {}: {}\n", k, problem.text);
  }
  return fmt::format("{} {}\n{}", outputs, undecided, problems);
}

// Ends this process after that much computing, however busy the machine is.
void limit_computing(int seconds) {
  const auto limit = static_cast<rlim_t>(seconds);
  const rlimit both = {limit, limit + 1};
  ::setrlimit(RLIMIT_CPU, &both);
}

class Fuzzer {
 public:
  explicit Fuzzer(const Arguments& arguments) : a_(arguments), marches_(usable_marches()) {}

  // Says what is wrong with graphs that were found, and shrinks them further.
  int replay() {
    for (const std::string& path : a_.replay) {
      const auto [c, configuration] = read_found(path);
      if (!shrink_and_write(c, configuration)) fmt::print("{}: nothing is wrong\n", path);
    }
    return failures_ ? 1 : 0;
  }

  int run() {
    const auto begin = std::chrono::steady_clock::now();
    for (const std::string& march : marches_)
      compile_to(NativeKind::kObject, "#include <immintrin.h>\n", "prepare.cpp", {march});
    std::vector<Batch> batches;
    for (size_t first = 0; first < a_.count; first += a_.together) batches.push_back(batch(first));
    run_in_processes(
        batches.size(), {a_.jobs, 0},
        [&](size_t k) {
          limit_computing(a_.seconds * a_.configurations);
          return check_batch(batches[k]);
        },
        [&](size_t k, const ProcessResult& result) { report(batches[k], result); });
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    fmt::print(
        "{} graphs from seed {}, {} outputs ({} depend on rounding), {} failures, {:.0f} s\n",
        a_.count, a_.seed, outputs_, undecided_, failures_, seconds.count());
    return failures_ ? 1 : 0;
  }

 private:
  Batch batch(size_t first) const {
    Batch b;
    for (size_t k = first; k < std::min(first + a_.together, a_.count); ++k)
      b.seeds.push_back(a_.seed + k);
    Random random(b.seeds[0] ^ 0xc0ffee);
    for (int k = 0; k < a_.configurations; ++k)
      b.configurations.push_back(random_configuration(random, marches_));
    return b;
  }

  void report(const Batch& batch, const ProcessResult& result) {
    size_t outputs = 0, undecided = 0;
    int used = 0;
    if (std::sscanf(result.output.c_str(), "%zu %zu\n%n", &outputs, &undecided, &used) == 2) {
      outputs_ += outputs;
      undecided_ += undecided;
    }
    const std::string problems = result.output.substr(static_cast<size_t>(used));
    if (result.failure.empty() && problems.empty()) return;
    fmt::print("graphs {}..{}: {}{}\n", batch.seeds.front(), batch.seeds.back(), problems,
               result.failure);
    if (result.failure.empty() && problems.find("configuration ") == std::string::npos) {
      ++failures_;
      return;
    }
    for (const Configuration& c : batch.configurations) isolate(batch.seeds, c);
    std::fflush(stdout);
  }

  // Which graphs fail alone; if none does, all of them together.
  void isolate(const std::vector<uint64_t>& seeds, const Configuration& configuration) {
    std::vector<Case> cases;
    bool found = false;
    for (const uint64_t seed : seeds) {
      try {
        Case c = random_case(seed);
        if (c.model.graph.outputs.empty()) continue;
        cases.push_back(parse_case(text(c), c.name));
      } catch (const std::exception&) {
        continue;
      }
      found |= shrink_and_write(cases.back(), configuration);
    }
    if (!found && cases.size() > 1) shrink_and_write(united(cases), configuration);
  }

  // What is wrong with the case alone, in a process of its own.
  std::string problem_of(const Case& c, const Configuration& configuration) const {
    std::string problem;
    run_in_processes(
        1, {1, 0},
        [&](size_t) -> std::string {
          limit_computing(a_.seconds);
          try {
            return check({prepare(c)}, configuration).text;
          } catch (const CompileError&) {
            return "";  // no valid graph any more
          }
        },
        [&](size_t, const ProcessResult& r) { problem = r.failure + r.output; });
    return problem;
  }

  bool shrink_and_write(const Case& c, const Configuration& configuration) {
    const std::string first = problem_of(c, configuration);
    if (first.empty()) return false;
    ++failures_;
    const bool crashed = first.find("crashed") == 0;
    const Case small = shrunk(c, [&](const Case& candidate) {
      const std::string text = problem_of(candidate, configuration);
      return !text.empty() && (text.find("crashed") == 0) == crashed;
    });
    std::filesystem::create_directories(a_.found);
    const std::string path = fmt::format("{}/{}.onnxtxt", a_.found, c.name);
    std::ofstream(path) << "# " << describe(configuration) << "\n" << text(small);
    fmt::print("{} with {}: {}\n  shrunk to {} nodes, {}: {}\n", c.name, describe(configuration),
               first, small.model.graph.nodes.size(), path, problem_of(small, configuration));
    std::fflush(stdout);
    return true;
  }

  const Arguments& a_;
  std::vector<std::string> marches_;
  size_t outputs_ = 0, undecided_ = 0;
  int failures_ = 0;
};

int main_of(int argc, char** argv) {
  CLI::App app("Random graphs, compiled and compared with the reference evaluator.", "fuzz_graphs");
  Arguments a;
  app.add_option("--seed", a.seed, "number of the first graph; default 1");
  app.add_option("--count", a.count, "graphs; default 300")->check(CLI::Range(1, 100000000));
  app.add_option("--together", a.together, "graphs in one program; default 24")
      ->check(CLI::Range(1, 1000));
  app.add_option("--configurations", a.configurations, "ways in which each is compiled; default 1")
      ->check(CLI::Range(1, 100));
  app.add_option("--jobs", a.jobs, "processes at a time; default 1")->check(CLI::Range(1, 1024));
  app.add_option("--timeout", a.seconds, "of computing, for each program; default 120")
      ->type_name("SECONDS");
  app.add_option("--found", a.found, "folder for graphs that fail; default the current one");
  app.add_option("--replay", a.replay, "graphs that failed, instead of random ones")
      ->type_name("FILE...");
  app.add_flag("--print", a.print, "prints the graph --seed and does nothing else");
  CLI11_PARSE(app, argc, argv);
  if (a.print) {
    fmt::print("{}", text(random_case(a.seed)));
    return 0;
  }
  return a.replay.empty() ? Fuzzer(a).run() : Fuzzer(a).replay();
}

}  // namespace
}  // namespace onnxc::fuzz

int main(int argc, char** argv) { return onnxc::fuzz::main_of(argc, argv); }
