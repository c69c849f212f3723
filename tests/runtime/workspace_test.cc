// Alignment, ownership and growth of Workspace.
#include "runtime/workspace.h"

#include <gtest/gtest.h>
#include <stdint.h>
#include <string.h>

#include <limits>
#include <utility>

namespace onnxc::runtime {
namespace {

TEST(Workspace, IsAlignedAndWritable) {
  for (size_t size : {1, 63, 64, 65, 4097, 1 << 20}) {
    Workspace workspace(size);
    ASSERT_NE(workspace.data(), nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(workspace.data()) % 64, 0u);
    EXPECT_GE(workspace.size(), size);
    memset(workspace.data(), 0xA5, workspace.size());
  }
}

TEST(Workspace, KeepsItsMemoryWhereThereIsRoom) {
  Workspace workspace(256);
  void* const data = workspace.data();
  EXPECT_TRUE(workspace.reserve(100));
  EXPECT_EQ(workspace.data(), data);
  EXPECT_EQ(workspace.size(), 256u);
  EXPECT_TRUE(workspace.reserve(1 << 16));
  EXPECT_EQ(workspace.size(), size_t{1} << 16);
}

TEST(Workspace, OfNothingStillHasAnAddress) {
  Workspace workspace(0);
  EXPECT_NE(workspace.data(), nullptr);
}

TEST(Workspace, MovesItsMemory) {
  Workspace from(128);
  void* const data = from.data();
  Workspace to = std::move(from);
  EXPECT_EQ(to.data(), data);
  Workspace other;
  other = std::move(to);
  EXPECT_EQ(other.data(), data);
  EXPECT_EQ(other.size(), 128u);
}

TEST(Workspace, SaysWhereThereIsNoMemory) {
  Workspace workspace;
  EXPECT_FALSE(workspace.reserve(std::numeric_limits<size_t>::max() / 4));
  EXPECT_EQ(workspace.data(), nullptr);
  EXPECT_EQ(workspace.size(), 0u);
  EXPECT_TRUE(workspace.reserve(64));
}

}  // namespace
}  // namespace onnxc::runtime
