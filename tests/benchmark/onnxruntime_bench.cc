// onnxruntime_bench LIBRARY FOLDER THREADS SECONDS: times ONNX Runtime on FOLDER/model.onnx with
// the inputs of FOLDER/test_data_set_0, as one line of JSON: g++ -std=c++17 -O2 -I.
// tests/benchmark/onnxruntime_bench.cc -ldl
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "tests/support/recorded_tensor.h"

namespace {

// ONNX Runtime's table of C functions, as far as it is used here: entries keep their places for
// ever, so no header of it is needed. A function returns null, or a status.
struct Api {
  void* unused_0[2];
  const char* (*message)(const void* status);
  void* (*create_env)(int log_level, const char* name, void** env);
  void* unused_4[3];
  void* (*create_session)(void* env, const char* path, void* options, void** session);
  void* unused_8[1];
  void* (*run)(void* session, void* options, const char* const* input_names, void* const* inputs,
               size_t input_count, const char* const* output_names, size_t output_count,
               void** outputs);
  void* (*create_options)(void** options);
  void* unused_11[12];
  void* (*set_optimization)(void* options, int level);
  void* (*set_threads_within)(void* options, int threads);
  void* (*set_threads_between)(void* options, int threads);
  void* unused_26[5];
  void* (*output_count)(void* session, size_t* count);
  void* unused_32[4];
  void* (*input_name)(void* session, size_t index, void* allocator, char** name);
  void* (*output_name)(void* session, size_t index, void* allocator, char** name);
  void* unused_38[11];
  void* (*create_tensor)(void* memory, void* data, size_t bytes, const int64_t* shape, size_t rank,
                         int type, void** value);
  void* unused_50[1];
  void* (*tensor_data)(void* value, void** data);
  void* unused_52[17];
  void* (*cpu_memory)(int allocator, int kind, void** memory);
  void* unused_70[8];
  void* (*default_allocator)(void** allocator);
  void* unused_79[17];
  void (*release_value)(void* value);
};

struct ApiBase {
  const Api* (*table)(uint32_t version);
  const char* (*version)();
};

constexpr uint32_t kApiVersion = 14;
constexpr int kWarnings = 2, kAllOptimizations = 99, kFloat = 1;

void check(const Api& api, void* status) {
  if (!status) return;
  std::fprintf(stderr, "onnxruntime_bench: %s\n", api.message(status));
  std::exit(1);
}

double milliseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(now).count();
}

std::string data_path(const std::string& folder, const char* role, size_t index) {
  return folder + "/test_data_set_0/" + role + "_" + std::to_string(index) + ".pb";
}

// Largest difference of the float outputs from what is recorded, as a share of an output's largest
// value.
double departure(const Api& api, const std::string& folder, const std::vector<void*>& outputs) {
  double worst = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const RecordedTensor recorded = read_recorded(data_path(folder, "output", i));
    if (recorded.type != kFloat) continue;
    void* data = nullptr;
    check(api, api.tensor_data(outputs[i], &data));
    double difference = 0, largest = 0;
    for (size_t k = 0; k < recorded.bytes.size() / sizeof(float); ++k) {
      float want;
      std::memcpy(&want, &recorded.bytes[k * sizeof(float)], sizeof want);
      difference = std::max<double>(difference, std::fabs(want - static_cast<float*>(data)[k]));
      largest = std::max<double>(largest, std::fabs(want));
    }
    if (largest > 0) worst = std::max(worst, difference / largest);
  }
  return worst;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: onnxruntime_bench LIBRARY FOLDER THREADS SECONDS\n");
    return 2;
  }
  void* library = dlopen(argv[1], RTLD_NOW);
  void* entry = library ? dlsym(library, "OrtGetApiBase") : nullptr;
  if (!entry) {
    std::fprintf(stderr, "onnxruntime_bench: %s\n", dlerror());
    return 2;
  }
  const ApiBase* base = reinterpret_cast<const ApiBase* (*)()>(entry)();
  const Api& api = *base->table(kApiVersion);
  const std::string folder = argv[2];
  const int threads = std::atoi(argv[3]);
  const double duration = std::atof(argv[4]) * 1e3;

  void *env, *options, *session, *memory, *allocator;
  check(api, api.create_env(kWarnings, "bench", &env));
  check(api, api.create_options(&options));
  check(api, api.set_optimization(options, kAllOptimizations));
  check(api, api.set_threads_within(options, threads));
  check(api, api.set_threads_between(options, 1));
  const double load_start = milliseconds();
  check(api, api.create_session(env, (folder + "/model.onnx").c_str(), options, &session));
  const double load = milliseconds() - load_start;
  check(api, api.cpu_memory(0, 0, &memory));
  check(api, api.default_allocator(&allocator));

  std::vector<RecordedTensor> recorded;
  for (size_t i = 0;; ++i) {
    RecordedTensor tensor = read_recorded(data_path(folder, "input", i));
    if (tensor.type == 0) break;
    recorded.push_back(std::move(tensor));
  }
  std::vector<void*> inputs(recorded.size());
  std::vector<char*> input_names(recorded.size());
  for (size_t i = 0; i < recorded.size(); ++i) {
    check(api, api.input_name(session, i, allocator, &input_names[i]));
    check(api, api.create_tensor(memory, recorded[i].bytes.data(), recorded[i].bytes.size(),
                                 recorded[i].shape.data(), recorded[i].shape.size(),
                                 recorded[i].type, &inputs[i]));
  }
  size_t output_count = 0;
  check(api, api.output_count(session, &output_count));
  std::vector<char*> output_names(output_count);
  for (size_t i = 0; i < output_count; ++i)
    check(api, api.output_name(session, i, allocator, &output_names[i]));

  std::vector<void*> outputs(output_count);
  const auto run = [&] {
    std::fill(outputs.begin(), outputs.end(), nullptr);
    check(api, api.run(session, nullptr, input_names.data(), inputs.data(), inputs.size(),
                       output_names.data(), output_count, outputs.data()));
  };
  const auto release = [&] {
    for (void* output : outputs) api.release_value(output);
  };
  run();
  const double error = departure(api, folder, outputs);
  release();

  std::vector<double> times;
  const double end = milliseconds() + duration;
  while (times.size() < 5 || milliseconds() < end) {
    const double start = milliseconds();
    run();
    times.push_back(milliseconds() - start);
    release();
  }
  std::sort(times.begin(), times.end());
  std::printf(
      "{\"version\":\"%s\",\"median_ms\":%.6g,\"min_ms\":%.6g,\"load_ms\":%.4g,"
      "\"departure\":%.3g}\n",
      base->version(), times[times.size() / 2], times.front(), load, error);
  std::fflush(stdout);
  std::_Exit(0);
}
