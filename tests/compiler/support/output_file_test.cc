// Sets of files appear complete or not at all.
#include "compiler/support/output_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "compiler/support/diagnostics.h"
#include "tests/support/temporary_folder.h"

namespace onnxc {
namespace {

namespace fs = std::filesystem;

size_t files_in(const TemporaryFolder& folder) {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
}

std::string message_of(const auto& body) {
  try {
    body();
  } catch (const CompileError& error) {
    return error.what();
  }
  return "no error";
}

TEST(OutputFiles, CommitPutsAllInPlaceAndLeavesNothingElse) {
  const TemporaryFolder folder;
  folder.write("a", "old a");
  OutputFiles files;
  files.add(folder.file("a")).write("new a");
  OutputFile& big = files.add(folder.file("b"));
  const std::string block(100000, 'x');
  big.write(block);
  big.write(std::as_bytes(std::span(block)));
  EXPECT_EQ(content_of(folder.file("a")), "old a");
  EXPECT_FALSE(fs::exists(folder.file("b")));
  files.commit();
  EXPECT_EQ(content_of(folder.file("a")), "new a");
  EXPECT_EQ(content_of(folder.file("b")), block + block);
  EXPECT_EQ(files_in(folder), 2u);
}

TEST(OutputFiles, WithoutCommitNothingAppears) {
  const TemporaryFolder folder;
  folder.write("a", "old a");
  {
    OutputFiles files;
    files.add(folder.file("a")).write("new a");
    files.add(folder.file("b")).write("new b");
  }
  EXPECT_EQ(content_of(folder.file("a")), "old a");
  EXPECT_EQ(files_in(folder), 1u);
}

TEST(OutputFiles, AFailureDuringCommitRestoresTheOldFiles) {
  const TemporaryFolder folder;
  folder.write("a", "old a");
  OutputFiles files;
  files.add(folder.file("a")).write("new a");
  files.add(folder.file("new")).write("new file");
  files.add(folder.file("b")).write("new b");
  fs::create_directories(folder.file("b/in the way"));
  EXPECT_NE(message_of([&] { files.commit(); }).find("cannot write " + folder.file("b")),
            std::string::npos);
  EXPECT_EQ(content_of(folder.file("a")), "old a");
  EXPECT_FALSE(fs::exists(folder.file("new")));
  files = OutputFiles();
  EXPECT_EQ(files_in(folder), 2u);
}

TEST(OutputFiles, AFullDiskIsNamed) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  EXPECT_EQ(message_of([] { write_file("/dev/full", "text"); }),
            "cannot write /dev/full: the disk is full (after 0 bytes)");
}

TEST(OutputFiles, DevicesAreWrittenAndNotReplaced) {
  write_file("/dev/null", "text");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(OutputFiles, UnwritableTargetsAreNamed) {
  const TemporaryFolder folder;
  EXPECT_EQ(message_of([&] { write_file(folder.file("no/such/folder"), "text"); }),
            "cannot write " + folder.file("no/such/folder") + ": No such file or directory");
  EXPECT_EQ(message_of([&] { write_file(folder.path().string(), "text"); }),
            "cannot write " + folder.path().string() + ": Is a directory");
}

TEST(OutputFiles, AFolderWithoutPermissionIsNamed) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const TemporaryFolder folder;
  fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_EQ(message_of([&] { write_file(folder.file("x"), "text"); }),
            "cannot write " + folder.file("x") + ": Permission denied");
  fs::permissions(folder.path(), fs::perms::owner_all);
}

TEST(OutputFiles, ASymbolicLinkKeepsPointingAtItsTarget) {
  const TemporaryFolder folder;
  folder.write("real", "old");
  fs::create_symlink(folder.file("real"), folder.file("link"));
  write_file(folder.file("link"), "new");
  EXPECT_TRUE(fs::is_symlink(folder.file("link")));
  EXPECT_EQ(content_of(folder.file("real")), "new");
}

}  // namespace
}  // namespace onnxc
