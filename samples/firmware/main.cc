// Reads handwritten digits from flash and tells answers, accuracy, flash, RAM and stack.
#include <stdint.h>

#include "digits.h"
#include "digits_test.h"
#include "semihosting.h"
#include "stack.h"

extern char flash_used, ram_used;

namespace {

using semihosting::print;

alignas(64) unsigned char workspace[16 * 1024];

int largest(const float* values, int count) {
  int best = 0;
  for (int i = 1; i < count; ++i) {
    if (values[i] > values[best]) best = i;
  }
  return best;
}

// The network's answer for one image, or -1 after an error, which is printed.
int read_digit(const unsigned char* pixels) {
  float image[64];
  float logits[10];
  for (int i = 0; i < 64; ++i) image[i] = static_cast<float>(pixels[i]) / 16.0f;
  const int code = digits::run(nullptr, 0, workspace, sizeof workspace, image, logits);
  if (code == 0) return largest(logits, 10);
  print("digits: ");
  print(digits_error(code));
  print("\n");
  return -1;
}

void print_size(const char* what, uint32_t bytes) {
  print(what);
  print(bytes);
  print(" bytes\n");
}

}  // namespace

int firmware_main() {
  print("answers    ");
  uint32_t correct = 0;
  for (int i = 0; i < DIGITS_COUNT; ++i) {
    const int digit = read_digit(digits_images[i]);
    if (digit < 0) return 1;
    if (i < 24) print(static_cast<uint32_t>(digit));
    if (i < 24) print(" ");
    correct += digit == digits_labels[i];
  }
  print("...\naccuracy   ");
  print(correct);
  print(" of ");
  print(DIGITS_COUNT);
  print("\n");
  print_size("flash      ", reinterpret_cast<uintptr_t>(&flash_used));
  print_size("  images   ", sizeof digits_images + sizeof digits_labels);
  print_size("  weights  ", digits_model.weights_size);
  print_size("RAM        ", reinterpret_cast<uintptr_t>(&ram_used));
  print_size("workspace  ", digits::workspace_size());
  print_size("stack      ", stack::used());
  return correct >= DIGITS_CORRECT ? 0 : 1;
}
