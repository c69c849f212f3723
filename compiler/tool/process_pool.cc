// Forking, waiting, and reading what the children wrote.
#include "compiler/tool/process_pool.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <utility>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

struct Child {
  size_t number;
  int file;  // in memory; receives the output
};

void write_all(int file, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t written = ::write(file, text.data() + done, text.size() - done);
    if (written < 0) return;
    done += static_cast<size_t>(written);
  }
}

std::string read_all(int file) {
  std::string text(static_cast<size_t>(std::max<off_t>(::lseek(file, 0, SEEK_END), 0)), '\0');
  const ssize_t read = ::pread(file, text.data(), text.size(), 0);
  text.resize(static_cast<size_t>(std::max<ssize_t>(read, 0)));
  return text;
}

std::string failure_of(int status, int seconds) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
    return fmt::format("ran longer than {} s", seconds);
  if (WIFSIGNALED(status))
    return fmt::format("crashed with signal {} ({})", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) return fmt::format("ended with exit code {}", WEXITSTATUS(status));
  return "";
}

[[noreturn]] void be_child(int file, int seconds, const std::function<std::string()>& work) {
  ::alarm(static_cast<unsigned>(seconds));
  write_all(file, work());
  std::fflush(nullptr);
  ::_exit(0);
}

}  // namespace

void run_in_processes(size_t count, const ProcessLimits& limits,
                      const std::function<std::string(size_t)>& work,
                      const std::function<void(size_t, const ProcessResult&)>& report) {
  std::map<pid_t, Child> running;
  std::map<size_t, ProcessResult> finished;
  size_t started = 0, reported = 0;
  std::fflush(nullptr);
  while (reported < count) {
    while (started < count && running.size() < static_cast<size_t>(limits.jobs)) {
      const int file = ::memfd_create("onnxc", MFD_CLOEXEC);
      const pid_t pid = file < 0 ? -1 : ::fork();
      if (pid < 0) throw CompileError("cannot start a process: {}", std::strerror(errno));
      if (pid == 0) be_child(file, limits.seconds, [&] { return work(started); });
      running[pid] = {started++, file};
    }
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, 0);
    const auto it = running.find(pid);
    if (it == running.end()) continue;
    finished[it->second.number] = {read_all(it->second.file), failure_of(status, limits.seconds)};
    ::close(it->second.file);
    running.erase(it);
    for (; finished.count(reported); ++reported) {
      report(reported, finished.at(reported));
      finished.erase(reported);
      std::fflush(stdout);
    }
  }
}

}  // namespace onnxc
