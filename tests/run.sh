#!/bin/bash
# Installs what is missing, builds, and runs the tests; --full adds the long ones. The last line counts them.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BUILD_DIR:-$root/build}
jobs=$(nproc)
selection=(--label-exclude long)

give_up() {
  echo "$1"
  echo "0 passed, 1 failed"
  exit 1
}

for argument in "$@"; do
  case $argument in
    --full) selection=() ;;
    *) give_up "usage: tests/run.sh [--full]" ;;
  esac
done

. "$root/samples/install.sh"
install_packages "${build_packages[@]}" "${test_packages[@]}" || give_up "packages are missing"
cmake -S "$root" -B "$build" -G Ninja -D CMAKE_COMPILE_WARNING_AS_ERROR=ON -D ONNXC_BUILD_TESTS=ON \
  -D ONNXC_BUILD_SAMPLES=ON </dev/null || give_up "cmake failed"
cmake --build "$build" --parallel "$jobs" </dev/null || give_up "the build failed"

log=$build/tests.log
ctest --test-dir "$build" --parallel "$jobs" --output-on-failure --no-tests=error "${selection[@]}" </dev/null 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
counts=$(sed -nE 's/.* tests passed, ([0-9]+) tests? failed out of ([0-9]+).*/\1 \2/p' "$log" | tail -n 1)
[ -n "$counts" ] || give_up "ctest ended without a count"
read -r failed total <<<"$counts"
echo "$((total - failed)) passed, $failed failed"
exit "$status"
