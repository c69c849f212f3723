// Mapping files through the operating system.
#include "compiler/support/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() { ::close(value_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }

 private:
  int value_;
};

std::vector<std::byte> read_stream(int descriptor) {
  std::vector<std::byte> bytes;
  std::vector<std::byte> chunk(1 << 16);
  while (true) {
    const ssize_t got = ::read(descriptor, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw CompileError("cannot read the file: {}", std::strerror(errno));
    if (got == 0) return bytes;
    bytes.insert(bytes.end(), chunk.begin(), chunk.begin() + got);
  }
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::string& path) {
  const int opened = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) throw CompileError("cannot open the file: {}", std::strerror(errno));
  const Descriptor descriptor(opened);
  struct stat status {};
  if (::fstat(descriptor.value(), &status) != 0) {
    throw CompileError("cannot read the file's status: {}", std::strerror(errno));
  }
  if (S_ISDIR(status.st_mode)) throw CompileError("this is a directory, not a file");
  if (!S_ISREG(status.st_mode) || status.st_size == 0) {
    const std::vector<std::byte> bytes = read_stream(descriptor.value());
    auto* copy = new std::byte[bytes.size()];
    std::copy(bytes.begin(), bytes.end(), copy);
    return std::shared_ptr<const MappedFile>(new MappedFile(copy, bytes.size(), false));
  }
  const auto size = static_cast<size_t>(status.st_size);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.value(), 0);
  if (data == MAP_FAILED) throw CompileError("cannot map the file: {}", std::strerror(errno));
  return std::shared_ptr<const MappedFile>(
      new MappedFile(static_cast<const std::byte*>(data), size, true));
}

MappedFile::~MappedFile() {
  if (mapped_) {
    ::munmap(const_cast<std::byte*>(data_), size_);
  } else {
    delete[] data_;
  }
}

}  // namespace onnxc
