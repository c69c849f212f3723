// Vector table and reset: memory is set up, the floating-point unit switched on, the stack painted,
// main called.
#include <stdint.h>

#include "semihosting.h"
#include "stack.h"

extern uint32_t data_begin, data_end, data_in_flash, bss_begin, bss_end, stack_top;

int firmware_main();

namespace {

void fault() {
  semihosting::print("fault: the processor stopped on an illegal access or instruction\n");
  semihosting::exit(1);
}

}  // namespace

extern "C" [[noreturn]] void reset() {
  constexpr uintptr_t kCoprocessorAccess = 0xE000ED88;
  *reinterpret_cast<volatile uint32_t*>(kCoprocessorAccess) |= 0xFu << 20;
  __asm__ volatile("dsb\n isb" ::: "memory");

  const uint32_t* from = &data_in_flash;
  for (volatile uint32_t* to = &data_begin; to != &data_end;) *to++ = *from++;
  for (volatile uint32_t* to = &bss_begin; to != &bss_end;) *to++ = 0;
  stack::paint();
  semihosting::exit(static_cast<uint32_t>(firmware_main()));
}

__attribute__((section(".vectors"), used)) const uintptr_t vectors[16] = {
    reinterpret_cast<uintptr_t>(&stack_top), reinterpret_cast<uintptr_t>(reset),
    reinterpret_cast<uintptr_t>(fault),      reinterpret_cast<uintptr_t>(fault),
    reinterpret_cast<uintptr_t>(fault),      reinterpret_cast<uintptr_t>(fault),
    reinterpret_cast<uintptr_t>(fault)};
