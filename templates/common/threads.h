// How the steps of a run share their work among the caller's threads.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace onnxc {

// Work on the calling thread alone.
struct OneThread {
  template <class Work>
  void split(size_t units, const Work& work) const {
    work(size_t(0), units, size_t(0));
  }
};

// `run` calls task(data, i) for each i of [0, tasks), from any threads, and returns when all are
// done; at most `count` tasks are asked for at once.
struct Threads {
  void (*run)(void* context, int tasks, void (*task)(void* data, int index), void* data);
  void* context;
  int count;

  // These threads, but no more than `most` of them.
  Threads at_most(int64_t most) const {
    return {run, context, most < count ? int(most < 1 ? 1 : most) : count};
  }

  // Calls work(begin, end, task) so that the ranges cover the units 0 to `units` once; `task`,
  // below `count`, differs between calls that may run at once.
  template <class Work>
  void split(size_t units, const Work& work) const {
    const size_t tasks = units < size_t(count) ? units : size_t(count);
    Share<Work> share{&work, units, tasks < 1 ? 1 : tasks};
    if (tasks <= 1) return Share<Work>::compute(&share, 0);
    run(context, int(tasks), Share<Work>::compute, &share);
  }

 private:
  template <class Work>
  struct Share {
    const Work* work;
    size_t units;
    size_t tasks;

    // Not inlined where it is called: the code of a step stands in the program once.
    static __attribute__((noinline)) void compute(void* data, int index) {
      const Share& share = *static_cast<const Share*>(data);
      const size_t task = size_t(index);
      (*share.work)(share.units * task / share.tasks, share.units * (task + 1) / share.tasks, task);
    }
  };
};

// Memory for every task of a split: the first one's, then the others' one after another.
struct ThreadScratch {
  unsigned char* first;
  unsigned char* others;
  int64_t stride;  // bytes from one of the others to the next

  template <class T>
  T* of(size_t task) const {
    return reinterpret_cast<T*>(task == 0 ? first : others + int64_t(task - 1) * stride);
  }
};

// The caller's `parallel`, of a type that has run, context and threads; null: one thread.
template <class Parallel>
inline Threads threads_of(const Parallel* parallel) {
  if (!parallel || !parallel->run) return {nullptr, nullptr, 1};
  return {parallel->run, parallel->context, parallel->threads};
}

}  // namespace onnxc
