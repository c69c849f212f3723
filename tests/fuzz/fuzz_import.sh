# fuzz_import SECONDS: builds the importer's fuzzer with sanitizers and runs it on the models of the repository. Sourced.

fuzz_import() {
  local seconds=$1 root build work code
  root=${SOURCE_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
  build=${BUILD_DIR:-$root/build}/fuzzers
  command -v clang++-14 >/dev/null || { echo "SKIPPED: clang++-14 is missing (apt package clang)"; return 77; }
  cmake -S "$root" -B "$build" -G Ninja -D CMAKE_C_COMPILER=clang-14 -D CMAKE_CXX_COMPILER=clang++-14 -D ONNXC_NATIVE=OFF \
    -D ONNXC_BUILD_TESTS=OFF -D ONNXC_BUILD_SAMPLES=OFF -D ONNXC_BUILD_FUZZERS=ON >/dev/null &&
    cmake --build "$build" --target fuzz_import >"$build/fuzz_import.log" 2>&1 ||
    { tail -n 20 "$build/fuzz_import.log"; return 1; }
  work=$(mktemp -d)
  mkdir "$work/seeds" "$work/corpus"
  find "$root/tests" "$root/samples" -size -20k \( -name '*.onnx' -o -name '*.onnx.json' -o -name '*.onnxtxt' \) |
    while read -r file; do cp "$file" "$work/seeds/$(tr / _ <<<"${file#"$root"/}")"; done
  "$build/fuzz_import" -max_total_time="$seconds" -seed=1 -max_len=20000 -timeout=30 -rss_limit_mb=4096 -malloc_limit_mb=2048 \
    -detect_leaks=0 -print_final_stats=1 -artifact_prefix="$work/" "$work/corpus" "$work/seeds" >"$work/log" 2>&1
  code=$?
  if [ $code -ne 0 ]; then
    grep -aE "internal error|ERROR|SUMMARY|runtime error|^ *#[0-9] " "$work/log" | head -n 40
    echo "the input and the log are in $work"
    return 1
  fi
  sed -n 's/^stat::number_of_executed_units: */inputs: /p' "$work/log"
  rm -r "$work"
}
