#!/bin/bash
# Builds the firmware and runs it in QEMU. Arguments: the onnxc build or package folder, and where to build.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
onnxc=$(realpath "${1:-$here/../../build}")
build=${2:-$here/../../build/samples/firmware}
mkdir -p "$build"
log=$build/build.log

if ! { cmake -S "$here" -B "$build" -G Ninja -D CMAKE_TOOLCHAIN_FILE="$here/cortex_m4.cmake" \
         -D CMAKE_BUILD_TYPE=Release -D onnxc_DIR="$onnxc" && cmake --build "$build"; } > "$log" 2>&1; then
  cat "$log"
  exit 1
fi

unexpected=$(arm-none-eabi-nm -u "$build/libdigits_network.a" | awk '$1 == "U" {print $2}' |
             grep -vE '^(memcpy|memmove|memset|__aeabi_.*)$' || true)
if [ -n "$unexpected" ]; then
  echo "the network calls more than memcpy, memmove, memset and the compiler's support routines:" $unexpected
  exit 1
fi

timeout 300 qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none \
  -semihosting-config enable=on,target=native -kernel "$build/firmware.elf" < /dev/null
