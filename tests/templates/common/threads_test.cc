// Splitting of work into parts.
#include "templates/common/threads.h"

#include <gtest/gtest.h>

#include <vector>

namespace onnxc {
namespace {

struct Parallel {
  void (*run)(void* context, int tasks, void (*task)(void* data, int index), void* data);
  void* context;
  int threads;
};

void in_turn(void* context, int tasks, void (*task)(void*, int), void* data) {
  ++*static_cast<int*>(context);
  for (int i = tasks; i-- > 0;) task(data, i);
}

struct Call {
  size_t begin, end, task;
};

TEST(Threads, CoverEveryUnitOnce) {
  for (int count : {1, 2, 3, 7, 40}) {
    for (size_t units : {0, 1, 2, 5, 31, 1000}) {
      int runs = 0;
      const Parallel parallel{in_turn, &runs, count};
      std::vector<int> done(units);
      std::vector<Call> calls;
      threads_of(&parallel).split(units, [&](size_t begin, size_t end, size_t task) {
        calls.push_back({begin, end, task});
        for (size_t unit = begin; unit < end; ++unit) ++done[unit];
      });
      EXPECT_EQ(done, std::vector<int>(units, 1)) << count << " " << units;
      EXPECT_EQ(calls.size(), count > 1 && units > 1 ? std::min(size_t(count), units) : 1);
      for (const Call& a : calls) {
        for (const Call& b : calls) EXPECT_TRUE(a.task != b.task || a.begin == b.begin);
      }
      EXPECT_EQ(runs, count > 1 && units > 1 ? 1 : 0);
    }
  }
}

TEST(Threads, AreNoneWithoutTheCallers) {
  int calls = 0;
  threads_of(static_cast<const Parallel*>(nullptr)).split(9, [&](size_t begin, size_t end, size_t) {
    EXPECT_EQ(begin, 0u);
    EXPECT_EQ(end, 9u);
    ++calls;
  });
  EXPECT_EQ(calls, 1);
}

TEST(Threads, CanBeLimited) {
  int runs = 0;
  const Parallel parallel{in_turn, &runs, 8};
  for (int64_t most : {-1, 0, 1, 3, 8, 100}) {
    size_t tasks = 0;
    threads_of(&parallel).at_most(most).split(50, [&](size_t, size_t, size_t) { ++tasks; });
    EXPECT_EQ(tasks, size_t(std::max<int64_t>(1, std::min<int64_t>(most, 8))));
  }
}

TEST(ThreadScratch, KeepsTasksApart) {
  unsigned char first[8], others[24];
  const ThreadScratch scratch{first, others, 8};
  EXPECT_EQ(scratch.of<unsigned char>(0), first);
  EXPECT_EQ(scratch.of<unsigned char>(1), others);
  EXPECT_EQ(scratch.of<unsigned char>(3), others + 16);
}

}  // namespace
}  // namespace onnxc
