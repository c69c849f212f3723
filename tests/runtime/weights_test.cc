// Opening weights files: good ones, and each way in which one can be wrong.
#include "runtime/weights.h"

#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace onnxc::runtime {
namespace {

std::string file_bytes(const std::string& payload) {
  WeightsHeader header{};
  memcpy(header.magic, "ONNXCW01", 8);
  header.file_size = sizeof header + payload.size();
  for (int i = 0; i < 32; ++i) header.model_hash[i] = static_cast<uint8_t>(i * 8 + 1);
  header.checksum = weights_checksum(payload.data(), payload.size());
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) + payload;
}

class WeightsFile : public ::testing::Test {
 protected:
  std::string write(const std::string& bytes) {
    FILE* file = fopen(path_.c_str(), "wb");
    EXPECT_EQ(fwrite(bytes.data(), 1, bytes.size(), file), bytes.size());
    fclose(file);
    return path_;
  }
  void TearDown() override { remove(path_.c_str()); }

  const std::string path_ =
      ::testing::TempDir() + "weights_test_" + std::to_string(getpid()) + ".weights";
};

TEST_F(WeightsFile, IsMappedAligned) {
  const std::string bytes = file_bytes(std::string(200, 'w'));
  Weights weights = Weights::open(write(bytes));
  ASSERT_TRUE(weights) << weights.error();
  EXPECT_EQ(weights.error(), "");
  EXPECT_EQ(reinterpret_cast<uintptr_t>(weights.data()) % 64, 0u);
  ASSERT_EQ(weights.size(), bytes.size());
  EXPECT_EQ(memcmp(weights.data(), bytes.data(), bytes.size()), 0);
  EXPECT_TRUE(weights.verify_checksum());
  EXPECT_EQ(weights.model_hash(),
            "0109111921293139414951596169717981899199a1a9b1b9c1c9d1d9e1e9f1f9");
}

TEST_F(WeightsFile, StaysValidWhenMoved) {
  Weights first = Weights::open(write(file_bytes("some weights")));
  const void* const data = first.data();
  Weights second = std::move(first);
  EXPECT_EQ(second.data(), data);
  EXPECT_TRUE(second.verify_checksum());
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): a moved-from file is an empty one
}

TEST_F(WeightsFile, IsRefusedAtEveryCut) {
  const std::string bytes = file_bytes("0123456789abcdef");
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Weights weights = Weights::open(write(bytes.substr(0, size)));
    EXPECT_FALSE(weights) << size;
    EXPECT_EQ(weights.size(), 0u);
    EXPECT_NE(weights.error().find(path_ + ": "), std::string::npos) << weights.error();
  }
  EXPECT_EQ(Weights::open(write("")).error(), path_ + ": not a weights file: it is empty");
  EXPECT_EQ(Weights::open(write("ONNXCW01")).error(),
            path_ + ": not a weights file: it has 8 bytes, its header alone has 64");
  EXPECT_EQ(Weights::open(write(bytes.substr(0, 70))).error(),
            path_ + ": cut short or damaged: it says 80 bytes and has 70");
}

TEST_F(WeightsFile, IsRefusedWhenLongerThanItSays) {
  EXPECT_EQ(Weights::open(write(file_bytes("12345678") + "9")).error(),
            path_ + ": cut short or damaged: it says 72 bytes and has 73");
}

TEST_F(WeightsFile, IsRefusedWithAnotherMagic) {
  std::string bytes = file_bytes("12345678");
  bytes[7] = '2';
  EXPECT_EQ(Weights::open(write(bytes)).error(),
            path_ + ": not a weights file of this version: it does not start with ONNXCW01");
}

TEST_F(WeightsFile, ChecksumSeesEachByte) {
  const std::string bytes = file_bytes("weights of 19 bytes");
  for (size_t at = 64; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    Weights weights = Weights::open(write(damaged));
    ASSERT_TRUE(weights);
    EXPECT_FALSE(weights.verify_checksum()) << at;
    EXPECT_EQ(weights.error(),
              path_ + ": damaged: its checksum differs from the one it was written with");
  }
}

TEST_F(WeightsFile, MissingOneIsNamed) {
  EXPECT_EQ(Weights::open("/no/such/net.weights").error(),
            "/no/such/net.weights: cannot be opened: No such file or directory");
}

TEST_F(WeightsFile, FolderIsRefused) {
  EXPECT_EQ(Weights::open(::testing::TempDir()).error(),
            ::testing::TempDir() + ": not a regular file");
}

TEST(WeightsChecksum, IsFnvOverWords) {
  EXPECT_EQ(weights_checksum(nullptr, 0), 14695981039346656037u);
  const unsigned char one_word[8] = {1, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(weights_checksum(one_word, 8), (14695981039346656037u ^ 1) * 1099511628211u);
  EXPECT_EQ(weights_checksum(one_word, 1), weights_checksum(one_word, 8));
}

}  // namespace
}  // namespace onnxc::runtime
