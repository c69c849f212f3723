// Weights on a system without mmap: the file is read into aligned memory, with the same checks.
#define ONNXC_RUNTIME_HAS_MMAP 0
#define Weights WeightsWithoutMmap
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "runtime/weights.h"

namespace onnxc::runtime {
namespace {

class WeightsWithoutMmapTest : public ::testing::Test {
 protected:
  const std::string& write(const std::string& bytes) {
    FILE* file = fopen(path_.c_str(), "wb");
    EXPECT_EQ(fwrite(bytes.data(), 1, bytes.size(), file), bytes.size());
    fclose(file);
    return path_;
  }
  void TearDown() override { remove(path_.c_str()); }

  const std::string path_ =
      ::testing::TempDir() + "weights_without_mmap_" + std::to_string(getpid()) + ".weights";
};

TEST_F(WeightsWithoutMmapTest, AreReadAligned) {
  WeightsHeader header{};
  memcpy(header.magic, "ONNXCW01", 8);
  header.file_size = 72;
  header.checksum = weights_checksum("12345678", 8);
  const std::string bytes =
      std::string(reinterpret_cast<const char*>(&header), sizeof header) + "12345678";
  Weights weights = Weights::open(write(bytes));
  ASSERT_TRUE(weights) << weights.error();
  EXPECT_EQ(reinterpret_cast<uintptr_t>(weights.data()) % 64, 0u);
  EXPECT_TRUE(weights.verify_checksum());
  Weights moved = std::move(weights);
  ASSERT_EQ(moved.size(), bytes.size());
  EXPECT_EQ(memcmp(moved.data(), bytes.data(), bytes.size()), 0);
}

TEST_F(WeightsWithoutMmapTest, AreRefusedWhenCutOrMissing) {
  write("");
  EXPECT_EQ(Weights::open(path_).error(), path_ + ": not a weights file: it is empty");
  write("ONNXCW01");
  EXPECT_EQ(Weights::open(path_).error(),
            path_ + ": not a weights file: it has 8 bytes, its header alone has 64");
  EXPECT_EQ(Weights::open("/no/such/file").error(),
            "/no/such/file: cannot be opened: No such file or directory");
}

}  // namespace
}  // namespace onnxc::runtime
