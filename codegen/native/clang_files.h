// The file system that Clang sees: the program's files and Clang's own headers, nothing of the
// host.
#pragma once

#include <llvm/ADT/IntrusiveRefCntPtr.h>
#include <llvm/Support/VirtualFileSystem.h>

#include <string>
#include <vector>

#include "codegen/native/native.h"

namespace onnxc {

// Folder of the headers that replace a C library's, for -internal-isystem.
inline constexpr char kLibraryHeaders[] = "/onnxc/include";
// Where a precompiled header appears.
inline constexpr char kPrecompiledHeaderPath[] = "/onnxc/precompiled.pch";

// A header and what Clang made of it.
struct PrecompiledHeader {
  SourceFile source;
  std::string bytes;
};

// `files` and `precompiled` (may be null) must outlive the result. Files stand in "/", the working
// directory.
llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> clang_files(const std::vector<SourceFile>& files,
                                                            const std::string& resource_dir,
                                                            const PrecompiledHeader* precompiled);

}  // namespace onnxc
