#!/bin/bash
# Models of two versions of onnxc, whose kernels share their names but not their code, run in one program: nothing but
# the functions that carry a model's name is visible outside its object.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/emit.sh"

"$onnxc" "$root/samples/digits/digits.onnx" -o "$work/digits.cpp" --weights embed --march x86-64-v3 || exit 1
"$onnxc" "$root/samples/forecast/forecast.onnx.json" -o "$work/forecast.cpp" --weights embed --march x86-64-v3 || exit 1
"$onnxc" "$root/samples/digits/digits.onnx" -o "$work/older.cpp" --weights embed --march x86-64-v3 --dim batch=1..400 || exit 1
version=$("$onnxc" --version | sed -E 's/^onnxc ([0-9.]+).*/\1/')
sed -i "s/${version//./\\.}/0.0.1/g" "$work"/forecast.{cpp,h} "$work"/older.{cpp,h}

# symbols FILE TYPES: the demangled names of one object's symbols of these types, as nm calls them.
symbols() {
  nm -C "$1" | sed -nE "s/^[0-9a-f ]{16} [$2] //p" | sort -u
}

# Without optimisation every kernel is a symbol.
for model in digits forecast older; do
  g++ -std=c++17 -O0 -c "$work/$model.cpp" -o "$work/$model.o" || exit 1
  visible=$(symbols "$work/$model.o" "A-TV-Zuvw" | grep -vE "^${model}_(run|error|model|workspace_size)$|^memcpy$|^memmove$|^memset$")
  [ -z "$visible" ] || fail "$model: visible to other objects: $visible"
done
comm -12 <(symbols "$work/digits.o" t) <(symbols "$work/older.o" t) >"$work/shared"
for name in 'add_row_tile<8,' 'add_rows<8,' check_weights workspace_bytes; do
  grep -qF "$name" "$work/shared" || fail "the models share no function $name"
done

cat >"$work/main.cpp" <<'END'
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <vector>

#include "digits.h"
#include "digits_test.h"
#include "forecast.h"
#include "forecast_test.h"
#include "older.h"

int right(const std::vector<float>& logits) {
  int correct = 0;
  for (int i = 0; i < DIGITS_COUNT; ++i) {
    int best = 0;
    for (int k = 1; k < 10; ++k) if (logits[i * 10 + k] > logits[i * 10 + best]) best = k;
    correct += best == digits_labels[i];
  }
  return correct;
}

int main() {
  std::vector<float> images, windows, logits(DIGITS_COUNT * 10), forecasts(FORECAST_COUNT);
  for (const auto& image : digits_images) for (unsigned char pixel : image) images.push_back(pixel / 16.0f);
  for (int i = 0; i < FORECAST_COUNT; ++i) windows.insert(windows.end(), forecast_series + i, forecast_series + i + FORECAST_WINDOW);
  std::vector<char> one(digits::workspace_size(DIGITS_COUNT)), other(forecast::workspace_size(FORECAST_COUNT));
  if (digits::run(nullptr, 0, one.data(), one.size(), images.data(), logits.data(), DIGITS_COUNT)) return 1;
  if (forecast::run(nullptr, 0, other.data(), other.size(), windows.data(), forecasts.data(), FORECAST_COUNT)) return 2;
  int correct = right(logits);
  std::vector<char> third(older::workspace_size(DIGITS_COUNT));
  if (older::run(nullptr, 0, third.data(), third.size(), images.data(), logits.data(), DIGITS_COUNT)) return 5;
  if (right(logits) != correct) return 6;
  float departure = 0;
  for (int i = 0; i < FORECAST_COUNT; ++i) departure = fmaxf(departure, fabsf(forecasts[i] - forecast_expected[i]));
  printf("digits by onnxc %s: %d right; forecast by onnxc %s: within %.1e\n", digits_model.version, correct, forecast_model.version, departure);
  if (strcmp(digits_model.version, forecast_model.version) == 0) return 3;
  return correct >= DIGITS_CORRECT && departure < 1e-5f ? 0 : 4;
}
END
for first in digits forecast; do
  for level in -O0 -O2; do
    second=$([ $first = digits ] && echo forecast || echo digits)
    for model in digits forecast older; do
      g++ -std=c++17 $level -c "$work/$model.cpp" -o "$work/$model.o" || exit 1
    done
    g++ -std=c++17 $level -I "$work" -I "$root/samples/digits" -I "$root/samples/forecast" "$work/main.cpp" \
      "$work/$first.o" "$work/$second.o" "$work/older.o" -o "$work/both" && "$work/both" || fail "$level, $first linked first: code $?"
  done
done
exit $status
