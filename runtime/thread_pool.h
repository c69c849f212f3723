// A small pool of threads for the `parallel` argument of generated functions.
#pragma once

#include <stdint.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace onnxc::runtime {

// Starts its threads once; they spin for some microseconds after a call and then sleep. Thread t of
// n runs the tasks [t * tasks / n, (t + 1) * tasks / n) in order, the calling thread being thread
// 0: the same split in every call. Calls allocate nothing. Calls from several threads take turns;
// tasks must not call the pool themselves.
class ThreadPool {
 public:
  // `threads` counts the calling one; 0 means one per core.
  explicit ThreadPool(int threads = 0) : threads_(count(threads)) {
    workers_.reserve(static_cast<size_t>(threads_ - 1));
    for (int index = 1; index < threads_; ++index)
      workers_.emplace_back([this, index] { work(index); });
  }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool() {
    stopping_ = true;
    start_.signal();
    for (std::thread& worker : workers_) worker.join();
  }

  int threads() const { return threads_; }

  // Calls task(data, 0) to task(data, tasks - 1) and returns when all are done.
  void run(int tasks, void (*task)(void* data, int index), void* data) {
    if (tasks <= 0) return;
    if (threads_ == 1 || tasks == 1) {
      for (int index = 0; index < tasks; ++index) task(data, index);
      return;
    }
    const std::lock_guard<std::mutex> turn(turn_);
    tasks_ = tasks;
    task_ = task;
    data_ = data;
    const uint32_t finished = finish_.now();
    busy_.store(threads_ - 1);
    start_.signal();
    run_share(0);
    finish_.wait_beyond(finished);
  }

  // This pool as a NAME_parallel: `auto parallel = pool.as<digits_parallel>();`. The pool has to
  // outlive it.
  template <class Parallel>
  Parallel as() {
    Parallel parallel{};
    parallel.run = [](void* pool, int tasks, void (*task)(void*, int), void* data) {
      static_cast<ThreadPool*>(pool)->run(tasks, task, data);
    };
    parallel.context = this;
    parallel.threads = threads_;
    return parallel;
  }

 private:
  // Counts events. Waiting spins first, then sleeps.
  class Event {
   public:
    uint32_t now() const { return count_.load(); }

    void signal() {
      count_.fetch_add(1);
      if (sleepers_.load() == 0) return;
      const std::lock_guard<std::mutex> lock(mutex_);
      wake_.notify_all();
    }

    // Returns the count once it differs from `seen`.
    uint32_t wait_beyond(uint32_t seen) {
      for (int spin = 0; spin < kSpins; ++spin) {
        const uint32_t count = count_.load(std::memory_order_acquire);
        if (count != seen) return count;
        pause();
      }
      std::unique_lock<std::mutex> lock(mutex_);
      sleepers_.fetch_add(1);
      wake_.wait(lock, [&] { return count_.load() != seen; });
      sleepers_.fetch_sub(1);
      return count_.load();
    }

   private:
    static constexpr int kSpins = 2000;

    static void pause() {
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause();
#elif defined(__aarch64__)
      __asm__ volatile("yield");
#endif
    }

    std::atomic<uint32_t> count_{0};
    std::atomic<int> sleepers_{0};
    std::mutex mutex_;
    std::condition_variable wake_;
  };

  static int count(int threads) {
    if (threads > 0) return threads;
    const unsigned cores = std::thread::hardware_concurrency();
    return cores > 0 ? static_cast<int>(cores) : 1;
  }

  int first_task(int thread) const {
    return static_cast<int>(static_cast<int64_t>(tasks_) * thread / threads_);
  }

  void run_share(int thread) {
    const int end = first_task(thread + 1);
    for (int index = first_task(thread); index < end; ++index) task_(data_, index);
  }

  void work(int thread) {
    uint32_t seen = 0;
    while (true) {
      seen = start_.wait_beyond(seen);
      if (stopping_) return;
      run_share(thread);
      if (busy_.fetch_sub(1) == 1) finish_.signal();
    }
  }

  const int threads_;
  std::mutex turn_;
  int tasks_ = 0;
  void (*task_)(void*, int) = nullptr;
  void* data_ = nullptr;
  Event start_, finish_;
  std::atomic<int> busy_{0};
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> workers_;
};

}  // namespace onnxc::runtime
