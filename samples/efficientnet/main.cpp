// Classifies 75 pictures with EfficientNet-B0, one at a time and 32 at a time: probabilities, speed
// and agreement with PyTorch.
#include <math.h>
#include <onnxc/weights.h>
#include <onnxc/workspace.h>
#include <stdio.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "efficientnet.h"

namespace {

constexpr int kPictures = 75;
constexpr int kSize = 224;
constexpr int kPixels = 3 * kSize * kSize;
constexpr int kLogits = 2;
// A share of the largest logit.
constexpr float kTolerance = 1e-4f;

// Rings and stripes in three 8-bit channels; export.py draws the same.
int pixel(int number, int channel, int y, int x) {
  const int dx = x - 3 * number, dy = y - 112;
  const int rings = (dx * dx + dy * dy) / (40 + 8 * (number % 11));
  const int stripes = x * (1 + number % 5) + y * (channel + number % 3);
  return (rings + stripes * (number % 2)) % 256;
}

// All pictures, normalised as the network was trained.
std::vector<float> draw_pictures() {
  constexpr float kMean[] = {0.485f, 0.456f, 0.406f}, kDeviation[] = {0.229f, 0.224f, 0.225f};
  std::vector<float> pictures;
  pictures.reserve(static_cast<size_t>(kPictures) * kPixels);
  for (int number = 0; number < kPictures; ++number) {
    for (int channel = 0; channel < 3; ++channel) {
      for (int y = 0; y < kSize; ++y) {
        for (int x = 0; x < kSize; ++x) {
          const float value = static_cast<float>(pixel(number, channel, y, x)) / 255.0f;
          pictures.push_back((value - kMean[channel]) / kDeviation[channel]);
        }
      }
    }
  }
  return pictures;
}

// PyTorch's logits, one line a picture; empty where the file has no such thing.
std::vector<float> read_expected(const char* path) {
  std::vector<float> values(kPictures * kLogits);
  FILE* file = fopen(path, "r");
  if (!file) return {};
  for (float& value : values) {
    if (fscanf(file, "%f", &value) == 1) continue;
    values.clear();
    break;
  }
  fclose(file);
  return values;
}

// The logits of all pictures, `batch` at a time and then the rest; empty where a call fails. Prints
// how many a second, after one call to warm up.
std::vector<float> classify(const onnxc::runtime::Weights& weights,
                            const std::vector<float>& pictures, int batch) {
  std::vector<float> logits(kPictures * kLogits);
  const onnxc::runtime::Workspace workspace(efficientnet::workspace_size(batch));
  const auto run = [&](int first, int count) {
    return efficientnet::run(weights.data(), weights.size(), workspace.data(), workspace.size(),
                             &pictures[static_cast<size_t>(first) * kPixels],
                             &logits[first * kLogits], count);
  };
  int code = run(0, batch), last = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int first = 0; first < kPictures && code == 0; first += last) {
    last = std::min(batch, kPictures - first);
    code = run(first, last);
  }
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  if (code != 0) {
    fprintf(stderr, "efficientnet: %s\n", efficientnet_error(code));
    return {};
  }
  printf("batch %2d (last one %2d)   %6.1f pictures a second, workspace %zu MB\n", batch, last,
         kPictures / time.count(), workspace.size() >> 20);
  return logits;
}

float largest(const std::vector<float>& values) {
  float result = 0;
  for (const float value : values) result = std::max(result, fabsf(value));
  return result;
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  float result = 0;
  for (size_t i = 0; i < a.size(); ++i) result = std::max(result, fabsf(a[i] - b[i]));
  return result;
}

float probability(float logit) { return 1.0f / (1.0f + expf(-logit)); }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    fprintf(stderr, "usage: efficientnet efficientnet.weights [efficientnet_expected.txt]\n");
    return 2;
  }
  const onnxc::runtime::Weights weights = onnxc::runtime::Weights::open(argv[1]);
  if (!weights) {
    fprintf(stderr, "efficientnet: %s\n", weights.error().c_str());
    return 1;
  }
  const std::vector<float> pictures = draw_pictures();
  const std::vector<float> single = classify(weights, pictures, 1);
  const std::vector<float> batched = classify(weights, pictures, 32);
  if (single.empty() || batched.empty()) return 1;

  for (int picture = 0; picture < 4; ++picture) {
    printf("picture %d: probabilities %.4f and %.4f\n", picture,
           probability(batched[picture * kLogits]), probability(batched[picture * kLogits + 1]));
  }
  const float tolerance = kTolerance * largest(single);
  const float between = largest_difference(single, batched);
  printf("batches agree within %.1e\n", between);
  bool right = between <= tolerance;
  if (argc == 3) {
    const std::vector<float> expected = read_expected(argv[2]);
    if (expected.empty()) {
      fprintf(stderr, "efficientnet: %s: not %d lines of %d numbers\n", argv[2], kPictures,
              kLogits);
      return 1;
    }
    const float departure = largest_difference(batched, expected);
    printf("within %.1e of PyTorch, largest logit %.3f\n", departure, largest(expected));
    right = right && departure <= kTolerance * largest(expected);
  }
  return right ? 0 : 1;
}
