// Forecasts a load a day ahead with the generated function forecast::run, one, seven and 64 windows
// at a time.
#include <math.h>
#include <onnxc/workspace.h>
#include <stdio.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "forecast.h"
#include "forecast_test.h"

namespace {

constexpr float kTolerance = 1e-5f;

std::vector<float> all_windows() {
  std::vector<float> windows;
  for (int start = 0; start < FORECAST_COUNT; ++start) {
    windows.insert(windows.end(), forecast_series + start,
                   forecast_series + start + FORECAST_WINDOW);
  }
  return windows;
}

// What was measured FORECAST_HORIZON hours after the end of a window.
float measured(int window) {
  return forecast_series[window + FORECAST_WINDOW + FORECAST_HORIZON - 1];
}

// The forecasts from all windows, `batch` at a time and then the rest; empty where a call fails.
std::vector<float> forecasts(const std::vector<float>& windows, int batch) {
  std::vector<float> result(FORECAST_COUNT);
  const onnxc::runtime::Workspace workspace(forecast::workspace_size(batch));
  for (int first = 0; first < FORECAST_COUNT; first += batch) {
    const int count = std::min(batch, FORECAST_COUNT - first);
    const int code = forecast::run(nullptr, 0, workspace.data(), workspace.size(),
                                   &windows[first * FORECAST_WINDOW], &result[first], count);
    if (code != 0) {
      fprintf(stderr, "forecast: %s\n", forecast_error(code));
      return {};
    }
  }
  return result;
}

float largest_departure(const std::vector<float>& values) {
  float largest = 0;
  for (int i = 0; i < FORECAST_COUNT; ++i)
    largest = std::max(largest, fabsf(values[i] - forecast_expected[i]));
  return largest;
}

// Mean distance of forecast(window) from what was measured.
template <class Forecast>
double mean_error(const Forecast& forecast) {
  double sum = 0;
  for (int i = 0; i < FORECAST_COUNT; ++i) sum += fabs(forecast(i) - measured(i));
  return sum / FORECAST_COUNT;
}

// Median microseconds of one pass over all windows.
double microseconds(const std::vector<float>& windows, int batch) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  const auto end = Clock::now() + std::chrono::milliseconds(100);
  while (times.size() < 5 || Clock::now() < end) {
    const auto start = Clock::now();
    forecasts(windows, batch);
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

}  // namespace

int main() {
  const std::vector<float> windows = all_windows();
  bool right = true;
  for (const int batch : {1, 7, 64}) {
    const std::vector<float> values = forecasts(windows, batch);
    if (values.empty()) return 1;
    const float departure = largest_departure(values);
    printf("batch %2d    within %.1e of PyTorch, %.2f us a window, workspace %zu bytes\n", batch,
           departure, microseconds(windows, batch) / FORECAST_COUNT,
           forecast::workspace_size(batch));
    right = right && departure <= kTolerance;
  }

  const std::vector<float> values = forecasts(windows, FORECAST_COUNT);
  const double error = mean_error([&](int window) { return values[window]; });
  const double persistence =
      mean_error([&](int window) { return windows[(window + 1) * FORECAST_WINDOW - 1]; });
  printf("mean error  %.3f a day ahead; %.3f for \"as today\"\n", error, persistence);
  return right && error < persistence ? 0 : 1;
}
