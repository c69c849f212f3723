// Reads 360 handwritten digits with the generated function digits::run, and tells accuracy and
// time.
#include <onnxc/workspace.h>
#include <stdio.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "digits.h"
#include "digits_test.h"

namespace {

constexpr int kClasses = 10;

std::vector<float> scaled_images() {
  std::vector<float> images;
  for (const auto& image : digits_images) {
    for (const unsigned char pixel : image) images.push_back(static_cast<float>(pixel) / 16.0f);
  }
  return images;
}

int answer(const float* logits) {
  return static_cast<int>(std::max_element(logits, logits + kClasses) - logits);
}

// Draws images side by side, with what the network reads in each below it.
void draw(int first, int count, const std::vector<float>& logits) {
  for (int row = 0; row < 8; ++row) {
    for (int image = first; image < first + count; ++image) {
      printf("  ");
      for (int column = 0; column < 8; ++column)
        putchar(" .:-=+*%#@@"[digits_images[image][row * 8 + column] * 10 / 16]);
    }
    printf("\n");
  }
  for (int image = first; image < first + count; ++image)
    printf("  %4d    ", answer(&logits[image * kClasses]));
  printf("\n\n");
}

// Median microseconds of one call.
template <class Call>
double microseconds(const Call& call) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  const auto end = Clock::now() + std::chrono::milliseconds(200);
  while (times.size() < 5 || Clock::now() < end) {
    const auto start = Clock::now();
    call();
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

}  // namespace

int main() {
  const std::vector<float> images = scaled_images();
  std::vector<float> logits(DIGITS_COUNT * kClasses);
  const onnxc::runtime::Workspace workspace(digits::workspace_size(DIGITS_COUNT));

  // The weights are part of the program (WEIGHTS embed), so none are passed.
  const auto read = [&](int count) {
    return digits::run(nullptr, 0, workspace.data(), workspace.size(), images.data(), logits.data(),
                       count);
  };
  if (const int code = read(DIGITS_COUNT)) {
    fprintf(stderr, "digits: %s\n", digits_error(code));
    return 1;
  }

  draw(0, 8, logits);
  int correct = 0;
  for (int image = 0; image < DIGITS_COUNT; ++image) {
    const int digit = answer(&logits[image * kClasses]);
    correct += digit == digits_labels[image];
    if (digit != digits_labels[image])
      printf("  image %d: reads %d, is %d\n", image, digit, digits_labels[image]);
  }
  printf("accuracy    %d of %d (%.1f %%); PyTorch: %d\n", correct, DIGITS_COUNT,
         100.0 * correct / DIGITS_COUNT, DIGITS_CORRECT);
  printf("time        %.2f us for one image, %.2f us an image in a batch of %d, one thread\n",
         microseconds([&] { read(1); }), microseconds([&] { read(DIGITS_COUNT); }) / DIGITS_COUNT,
         DIGITS_COUNT);
  printf("workspace   %zu bytes for one image\n", digits::workspace_size(1));
  return correct >= DIGITS_CORRECT ? 0 : 1;
}
