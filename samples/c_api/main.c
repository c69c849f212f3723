/* Prints what a generated model says of itself, reads digits with it, and shows how mistakes are
 * answered. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "digits.h"
#include "digits_test.h"

enum { kPixels = 64, kClasses = 10, kBatch = 24 };

static void print_tensor(const char* role, const digits_tensor* tensor) {
  printf("%s %s: type %" PRId32 ", [", role, tensor->name, tensor->type);
  for (int axis = 0; axis < tensor->rank; ++axis) {
    const digits_dim* dim = &tensor->dims[axis];
    if (axis > 0) printf(",");
    if (dim->value >= 0)
      printf("%" PRId64, dim->value);
    else
      printf("%s", dim->symbol);
  }
  printf("]\n");
}

static void print_model(const digits_info* model) {
  printf("model %s, made by onnxc %s\n", model->name, model->version);
  for (int i = 0; i < model->input_count; ++i) print_tensor("  input ", &model->inputs[i]);
  for (int i = 0; i < model->output_count; ++i) print_tensor("  output", &model->outputs[i]);
  for (int i = 0; i < model->symbol_count; ++i) {
    const digits_symbol* symbol = &model->symbols[i];
    printf("  %s is %" PRId64 " to %" PRId64 "\n", symbol->name, symbol->min, symbol->max);
  }
  printf("  weights: %zu bytes\n", model->weights_size);
}

/* The file's bytes at an address that `alignment` divides, or NULL. The caller frees them. */
static void* read_file(const char* path, size_t alignment, size_t* size) {
  FILE* file = fopen(path, "rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  const long length = ftell(file);
  rewind(file);
  void* bytes = NULL;
  if (length > 0) {
    *size = (size_t)length;
    bytes = aligned_alloc(alignment, (*size + alignment - 1) / alignment * alignment);
    if (bytes && fread(bytes, 1, *size, file) != *size) {
      free(bytes);
      bytes = NULL;
    }
  }
  fclose(file);
  return bytes;
}

static int largest(const float* values, int count) {
  int best = 0;
  for (int i = 1; i < count; ++i) {
    if (values[i] > values[best]) best = i;
  }
  return best;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: c_api digits.weights\n");
    return 2;
  }
  print_model(&digits_model);

  size_t weights_size = 0;
  void* weights = read_file(argv[1], digits_model.weights_alignment, &weights_size);
  if (!weights) {
    fprintf(stderr, "c_api: cannot read %s\n", argv[1]);
    return 1;
  }

  static float image[kBatch][kPixels];
  for (int i = 0; i < kBatch; ++i) {
    for (int pixel = 0; pixel < kPixels; ++pixel)
      image[i][pixel] = (float)digits_images[i][pixel] / 16.0f;
  }
  static float logits[kBatch][kClasses];

  const int64_t symbols[] = {kBatch};
  const size_t workspace_size = digits_workspace_size(symbols, 1);
  void* workspace = aligned_alloc(64, (workspace_size + 63) / 64 * 64);
  const int64_t image_shape[] = {kBatch, 1, 8, 8};
  int64_t logits_shape[2];
  const void* const inputs[] = {image};
  const int64_t* const input_shapes[] = {image_shape};
  void* const outputs[] = {logits};
  int64_t* const output_shapes[] = {logits_shape};

  const int code = digits_run(weights, weights_size, workspace, workspace_size, inputs,
                              input_shapes, outputs, output_shapes, NULL);
  if (code != 0) {
    fprintf(stderr, "c_api: %s\n", digits_error(code));
    return 1;
  }
  printf("\nlogits [%" PRId64 ",%" PRId64 "]; answers:", logits_shape[0], logits_shape[1]);
  int correct = 0;
  for (int i = 0; i < kBatch; ++i) {
    const int digit = largest(logits[i], kClasses);
    printf(" %d", digit);
    correct += digit == digits_labels[i];
  }
  printf("\n%d of %d right\n\n", correct, kBatch);

  const int cut = digits_run(weights, weights_size / 2, workspace, workspace_size, inputs,
                             input_shapes, outputs, output_shapes, NULL);
  const int cramped = digits_run(weights, weights_size, workspace, workspace_size / 2, inputs,
                                 input_shapes, outputs, output_shapes, NULL);
  const int64_t wrong_shape[] = {kBatch, 1, 8, 9};
  const int64_t* const wrong_shapes[] = {wrong_shape};
  const int misshaped = digits_run(weights, weights_size, workspace, workspace_size, inputs,
                                   wrong_shapes, outputs, output_shapes, NULL);
  printf("half the weights:    %s\n", digits_error(cut));
  printf("half the workspace:  %s\n", digits_error(cramped));
  printf("nine columns:        %s\n", digits_error(misshaped));

  free(workspace);
  free(weights);
  const int refused = cut != 0 && cramped != 0 && misshaped != 0;
  return correct >= kBatch - 1 && refused ? 0 : 1;
}
