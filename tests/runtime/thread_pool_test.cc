// ThreadPool: every task once, the same split each time, no allocation per call, and sleep between
// calls.
#include "runtime/thread_pool.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <new>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

namespace {
std::atomic<int64_t> allocations{0};
}  // namespace

void* operator new(size_t size) {
  ++allocations;
  if (void* data = malloc(size)) return data;
  throw std::bad_alloc();
}
void operator delete(void* data) noexcept { free(data); }
void operator delete(void* data, size_t) noexcept { free(data); }

namespace onnxc::runtime {
namespace {

struct Record {
  std::vector<std::atomic<int>> calls;
  std::vector<std::thread::id> thread_of;
  explicit Record(int tasks)
      : calls(static_cast<size_t>(tasks)), thread_of(static_cast<size_t>(tasks)) {}
};

void record_call(void* data, int index) {
  auto* record = static_cast<Record*>(data);
  ++record->calls[static_cast<size_t>(index)];
  record->thread_of[static_cast<size_t>(index)] = std::this_thread::get_id();
}

TEST(ThreadPool, RunsEachTaskOnce) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (int tasks : {0, 1, 2, 5, 7, 64, 1000}) {
      Record record(tasks);
      pool.run(tasks, record_call, &record);
      for (int index = 0; index < tasks; ++index) {
        EXPECT_EQ(record.calls[static_cast<size_t>(index)], 1)
            << threads << " " << tasks << " " << index;
      }
    }
  }
}

TEST(ThreadPool, SplitsAlikeEveryTime) {
  ThreadPool pool(3);
  Record first(10);
  pool.run(10, record_call, &first);
  for (int repeat = 0; repeat < 50; ++repeat) {
    Record again(10);
    pool.run(10, record_call, &again);
    EXPECT_EQ(again.thread_of, first.thread_of);
  }
  EXPECT_EQ(first.thread_of[0], std::this_thread::get_id());
  EXPECT_EQ(std::set<std::thread::id>(first.thread_of.begin(), first.thread_of.end()).size(), 3u);
  EXPECT_EQ(first.thread_of[0], first.thread_of[2]);
  EXPECT_NE(first.thread_of[2], first.thread_of[3]);
}

TEST(ThreadPool, SurvivesManyShortCalls) {
  ThreadPool pool(4);
  std::vector<std::atomic<int64_t>> sums(16);
  const auto add = [](void* data, int index) {
    (*static_cast<std::vector<std::atomic<int64_t>>*>(data))[static_cast<size_t>(index)] += index;
  };
  for (int call = 0; call < 3000; ++call) pool.run(16, add, &sums);
  for (int index = 0; index < 16; ++index)
    EXPECT_EQ(sums[static_cast<size_t>(index)], 3000 * index);
}

TEST(ThreadPool, WakesAfterSleeping) {
  ThreadPool pool(3);
  for (int call = 0; call < 5; ++call) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    Record record(30);
    pool.run(30, record_call, &record);
    for (const auto& calls : record.calls) EXPECT_EQ(calls, 1);
  }
}

TEST(ThreadPool, WaitsForSlowTasks) {
  ThreadPool pool(4);
  std::atomic<int> done{0};
  const auto slow = [](void* data, int index) {
    std::this_thread::sleep_for(std::chrono::milliseconds(index == 3 ? 30 : 0));
    ++*static_cast<std::atomic<int>*>(data);
  };
  pool.run(4, slow, &done);
  EXPECT_EQ(done, 4);
}

TEST(ThreadPool, AllocatesNothingPerCall) {
  ThreadPool pool(4);
  Record record(100);
  pool.run(100, record_call, &record);
  const int64_t before = allocations;
  for (int call = 0; call < 100; ++call) pool.run(100, record_call, &record);
  EXPECT_EQ(allocations, before);
}

TEST(ThreadPool, TakesTurnsBetweenCallers) {
  ThreadPool pool(2);
  std::atomic<int> total{0};
  const auto count = [](void* data, int) { ++*static_cast<std::atomic<int>*>(data); };
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&] {
      for (int call = 0; call < 200; ++call) pool.run(5, count, &total);
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(total, 3 * 200 * 5);
}

TEST(ThreadPool, FillsAnyParallelStruct) {
  struct net_parallel {
    void (*run)(void* context, int tasks, void (*task)(void* data, int index), void* data);
    void* context;
    int threads;
  };
  ThreadPool pool(2);
  const auto parallel = pool.as<net_parallel>();
  EXPECT_EQ(parallel.threads, 2);
  Record record(9);
  parallel.run(parallel.context, 9, record_call, &record);
  for (const auto& calls : record.calls) EXPECT_EQ(calls, 1);
}

TEST(ThreadPool, OfZeroThreadsUsesTheMachine) { EXPECT_GE(ThreadPool(0).threads(), 1); }

}  // namespace
}  // namespace onnxc::runtime
