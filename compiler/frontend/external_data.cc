// Checking where external data points, and mapping it.
#include "compiler/frontend/external_data.h"

#include <algorithm>
#include <charconv>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

namespace fs = std::filesystem;

std::optional<uint64_t> number_entry(const std::map<std::string, std::string>& entries,
                                     const char* key) {
  const auto found = entries.find(key);
  if (found == entries.end()) return std::nullopt;
  const std::string& text = found->second;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw CompileError("external data has the {} \"{}\", which is no number of bytes", key, text);
  }
  return value;
}

bool lies_within(const fs::path& file, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first ==
         folder.end();
}

}  // namespace

const MappedFile& ExternalData::file(const std::string& location) {
  const auto known = files_.find(location);
  if (known != files_.end()) return *known->second;
  if (!folder_) {
    throw CompileError("external data \"{}\" cannot be read: the model does not come from a file",
                       location);
  }
  const fs::path relative(location);
  if (relative.is_absolute()) {
    throw CompileError("external data \"{}\" must have a path relative to the model", location);
  }
  if (std::find(relative.begin(), relative.end(), "..") != relative.end()) {
    throw CompileError("external data \"{}\" leaves the model's folder", location);
  }
  std::error_code error;
  const fs::path folder = fs::canonical(*folder_, error);
  if (error) throw CompileError("cannot find the model's folder: {}", error.message());
  const fs::path path = fs::canonical(folder / relative, error);
  if (error) {
    throw CompileError("external data \"{}\" cannot be opened: {}", location, error.message())
        .note("the file must lie beside the model; it is part of it");
  }
  if (!lies_within(path, folder)) {
    throw CompileError("external data \"{}\" leaves the model's folder through a symbolic link",
                       location);
  }
  auto mapped = in_context(fmt::format("external data \"{}\"", location), [&] {
    return fs::is_regular_file(path) ? MappedFile::open(path.string())
                                     : throw CompileError("this is not a regular file");
  });
  return *files_.emplace(location, std::move(mapped)).first->second;
}

ExternalData::View ExternalData::view(const std::map<std::string, std::string>& entries,
                                      size_t expected) {
  const auto location = entries.find("location");
  if (location == entries.end() || location->second.empty()) {
    throw CompileError("external data has no location");
  }
  if (location->second.find("_ORT_MEM_ADDR_") != std::string::npos) {
    throw CompileError("external data lies in the memory of the process that exported the model");
  }
  const uint64_t offset = number_entry(entries, "offset").value_or(0);
  const uint64_t length = number_entry(entries, "length").value_or(expected);
  if (length != expected) {
    throw CompileError("external data has {} bytes, but type and shape need {}", length, expected);
  }
  const Bytes bytes = file(location->second).bytes();
  if (offset > bytes.size() || length > bytes.size() - offset) {
    throw CompileError("external data \"{}\" has {} bytes, but {} bytes from byte {} are wanted",
                       location->second, bytes.size(), length, offset);
  }
  return {bytes.subspan(offset, length), files_.at(location->second)};
}

}  // namespace onnxc
