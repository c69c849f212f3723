// Builds a program with a C++ compiler of the user's choice and loads it, as its user would.
#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "codegen/native/native.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

namespace fs = std::filesystem;

constexpr char kLibrary[] = "program.so";
constexpr char kLog[] = "compiler.log";
constexpr size_t kLongestMessage = 8192;

std::string error_text(int code) { return std::generic_category().message(code); }

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "onnxc-XXXXXX").string();
    if (!mkdtemp(pattern.data())) {
      throw CompileError("cannot create a temporary folder {}: {}", pattern, error_text(errno));
    }
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void write_file(const fs::path& folder, const SourceFile& file) {
  const bool plain = !file.name.empty() && file.name[0] != '-' && file.name != kLibrary &&
                     file.name != kLog && fs::path(file.name).filename() == file.name &&
                     file.name != "." && file.name != "..";
  ONNXC_CHECK(plain, "\"{}\" is not a plain file name", file.name);
  const fs::path path = folder / file.name;
  std::ofstream stream(path, std::ios::binary);
  stream.write(file.text.data(), static_cast<std::streamsize>(file.text.size()));
  stream.close();
  if (!stream) throw CompileError("cannot write {}: {}", path.string(), error_text(errno));
}

class SpawnActions {
 public:
  // Runs inside `folder`, reads nothing and writes into the log there.
  explicit SpawnActions(const std::string& folder) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str());
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, kLog, O_WRONLY | O_CREAT | O_TRUNC,
                                     0600);
    posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO);
  }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// The wait status of `arguments`, run with the caller's environment.
int run(std::vector<std::string> arguments, const fs::path& folder) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const SpawnActions actions(folder.string());
  pid_t child = 0;
  const int failure =
      posix_spawnp(&child, pointers[0], actions.get(), nullptr, pointers.data(), environ);
  if (failure != 0) {
    throw CompileError("cannot run the compiler \"{}\": {}", arguments[0], error_text(failure));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR)
      throw CompileError("lost the compiler \"{}\": {}", arguments[0], error_text(errno));
  }
  return status;
}

std::string printed_text(const fs::path& folder) {
  std::ifstream stream(folder / kLog, std::ios::binary);
  std::string text(kLongestMessage, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(stream.gcount()));
  return text;
}

void build(const std::string& compiler, const std::string& source,
           const std::vector<std::string>& flags, const NativeOptions& options,
           const fs::path& folder) {
  std::vector<std::string> arguments = {compiler, "-O" + std::to_string(options.opt_level),
                                        "-std=c++17", "-shared", "-fPIC"};
  if (options.debug_info) arguments.push_back("-g");
  if (options.werror) arguments.insert(arguments.end(), {"-Wall", "-Wextra", "-Werror"});
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  arguments.insert(arguments.end(), {"-I.", source, "-o", kLibrary});
  const int status = run(arguments, folder);
  if (WIFSIGNALED(status)) {
    throw CompileError("{} was ended by signal {} ({}) while compiling {}", compiler,
                       WTERMSIG(status), strsignal(WTERMSIG(status)), source);
  }
  if (WEXITSTATUS(status) != 0) {
    throw CompileError("{} rejects {} (exit code {}):\n{}", compiler, source, WEXITSTATUS(status),
                       printed_text(folder));
  }
}

class SharedLibrary : public LoadedProgram::Code {
 public:
  explicit SharedLibrary(const fs::path& path)
      : handle_(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (!handle_) throw CompileError("cannot load what the compiler made: {}", dlerror());
  }
  ~SharedLibrary() override { dlclose(handle_); }

  void* symbol(const std::string& name) const override { return dlsym(handle_, name.c_str()); }

 private:
  void* handle_;
};

}  // namespace

std::unique_ptr<LoadedProgram> LoadedProgram::load_with(const std::string& compiler,
                                                        const std::vector<SourceFile>& files,
                                                        const std::vector<std::string>& flags,
                                                        const NativeOptions& options) {
  ONNXC_CHECK(!files.empty(), "no file to compile");
  const TemporaryFolder folder;
  for (const SourceFile& file : files) write_file(folder.path(), file);
  build(compiler, files.front().name, flags, options, folder.path());
  return std::make_unique<LoadedProgram>(std::make_unique<SharedLibrary>(folder.path() / kLibrary));
}

}  // namespace onnxc
