// Links an object made in process into this process, by LLVM's ORC.
#include <llvm/ExecutionEngine/Orc/Core.h>
#include <llvm/ExecutionEngine/Orc/ExecutorProcessControl.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/MemoryBuffer.h>

#include <cstring>
#include <map>

#include "codegen/native/clang_compile.h"
#include "codegen/native/native.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

namespace orc = llvm::orc;

struct ObjectNames {
  std::vector<std::string> defined;
  std::vector<std::string> undefined;
};

template <class T>
T value_or_throw(llvm::Expected<T> result, const std::string& program) {
  if (result) return std::move(*result);
  throw InternalError(
      __FILE__, __LINE__,
      fmt::format("cannot load {}: {}", program, llvm::toString(result.takeError())));
}

void check(llvm::Error error, const std::string& program) {
  ONNXC_CHECK(!error, "cannot load {}: {}", program, llvm::toString(std::move(error)));
}

ObjectNames names_of(llvm::MemoryBufferRef object, const std::string& program) {
  ObjectNames names;
  const auto file = value_or_throw(llvm::object::ObjectFile::createObjectFile(object), program);
  for (const llvm::object::SymbolRef& symbol : file->symbols()) {
    const uint32_t flags = value_or_throw(symbol.getFlags(), program);
    if (!(flags & llvm::object::SymbolRef::SF_Global)) continue;
    const std::string name = value_or_throw(symbol.getName(), program).str();
    (flags & llvm::object::SymbolRef::SF_Undefined ? names.undefined : names.defined)
        .push_back(name);
  }
  return names;
}

const std::map<std::string, void*>& provided_functions() {
  static const std::map<std::string, void*> functions = {
      {"memcpy", reinterpret_cast<void*>(&std::memcpy)},
      {"memmove", reinterpret_cast<void*>(&std::memmove)},
      {"memset", reinterpret_cast<void*>(&std::memset)},
  };
  return functions;
}

void check_undefined(const ObjectNames& names, const std::string& program) {
  std::string unknown;
  for (const std::string& name : names.undefined) {
    if (provided_functions().count(name) || name == "_GLOBAL_OFFSET_TABLE_") continue;
    unknown += unknown.empty() ? name : ", " + name;
  }
  ONNXC_CHECK(unknown.empty(), "cannot load {}: it needs {}, which nothing defines", program,
              unknown);
}

class JitCode : public LoadedProgram::Code {
 public:
  JitCode(const std::string& program, const std::string& object)
      : session_(value_or_throw(orc::SelfExecutorProcessControl::Create(), program)),
        layer_(session_, session_.getExecutorProcessControl().getMemMgr()),
        library_(session_.createBareJITDylib(program)) {
    session_.setErrorReporter(
        [this](llvm::Error error) { reports_ += llvm::toString(std::move(error)) + "\n"; });
    auto buffer = llvm::MemoryBuffer::getMemBufferCopy(object, program);
    const ObjectNames names = names_of(*buffer, program);
    check_undefined(names, program);
    define_provided(program);
    check(layer_.add(library_, std::move(buffer)), program);
    resolve(names.defined, program);
  }

  void* symbol(const std::string& name) const override {
    const auto found = addresses_.find(name);
    return found == addresses_.end() ? nullptr : found->second;
  }

 private:
  void define_provided(const std::string& program) {
    orc::SymbolMap symbols;
    for (const auto& [name, function] : provided_functions()) {
      symbols[session_.intern(name)] = {orc::ExecutorAddr::fromPtr(function),
                                        llvm::JITSymbolFlags::Exported};
    }
    check(library_.define(orc::absoluteSymbols(std::move(symbols))), program);
  }

  void resolve(const std::vector<std::string>& names, const std::string& program) {
    orc::SymbolLookupSet wanted;
    for (const std::string& name : names) wanted.add(session_.intern(name));
    auto found = session_.lookup(orc::makeJITDylibSearchOrder(&library_), std::move(wanted));
    if (!found) {
      throw InternalError(__FILE__, __LINE__,
                          fmt::format("cannot load {}: {} {}", program,
                                      llvm::toString(found.takeError()), reports_));
    }
    for (const auto& [name, address] : *found) {
      addresses_[(*name).str()] = address.getAddress().toPtr<void*>();
    }
  }

  // Frees the code before the layer that holds it goes, also when the constructor throws.
  struct EndOfSession {
    orc::ExecutionSession& session;
    ~EndOfSession() { llvm::consumeError(session.endSession()); }
  };

  std::string reports_;
  orc::ExecutionSession session_;
  orc::ObjectLinkingLayer layer_;
  EndOfSession end_of_session_{session_};
  orc::JITDylib& library_;
  std::map<std::string, void*> addresses_;
};

}  // namespace

std::unique_ptr<LoadedProgram> LoadedProgram::compile(const std::vector<SourceFile>& files,
                                                      const NativeOptions& options) {
  check_runs_here(find_native_target(options.march));
  return std::make_unique<LoadedProgram>(std::make_unique<JitCode>(
      files.front().name, compile_to(NativeKind::kObject, files, options)));
}

std::unique_ptr<LoadedProgram> LoadedProgram::compile(const std::string& source,
                                                      const std::string& name,
                                                      const NativeOptions& options) {
  return compile(std::vector<SourceFile>{{name, source}}, options);
}

}  // namespace onnxc
