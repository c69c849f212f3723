// How deep the stack has been: the unused part is painted, and the paint that is left is measured.
#pragma once

#include <stdint.h>

extern uint32_t bss_end, stack_top;

namespace stack {

constexpr uint32_t kPaint = 0x5AFE57AC;

inline void paint() {
  uint32_t* const here = static_cast<uint32_t*>(__builtin_frame_address(0)) - 32;
  for (volatile uint32_t* word = &bss_end; word < here;) *word++ = kPaint;
}

// Bytes of stack that were ever in use since paint().
inline uint32_t used() {
  const volatile uint32_t* word = &bss_end;
  while (word < &stack_top && *word == kPaint) ++word;
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(&stack_top) -
                               reinterpret_cast<uintptr_t>(word));
}

}  // namespace stack
