#!/bin/bash
# Code emitted for 64-bit Arm, compiled by Debian's cross compiler and run by QEMU, gives the recorded outputs.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/emit.sh"

for tool in aarch64-linux-gnu-g++ qemu-aarch64; do
  command -v $tool >/dev/null || { echo "SKIPPED: $tool is missing (apt packages g++-aarch64-linux-gnu qemu-user)"; exit 77; }
done
check_all "NEON" armv8-a "aarch64-linux-gnu-g++ -O2 -static" qemu-aarch64
aarch64-linux-gnu-objdump -d "$work/run" >"$work/assembly"
grep -q 'fmla.*v[0-9]*\.4s' "$work/assembly" || fail "the code has no vector multiply-adds"

if [[ $("$onnxc" --version) == *clang* ]]; then
  kind=o
  for folder in "${networks[@]}"; do
    check_recorded "$folder" "NEON, by the Clang libraries" armv8-a "aarch64-linux-gnu-g++ -O2 -static" qemu-aarch64
  done
fi
exit $status
