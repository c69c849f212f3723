#!/bin/bash
# Files that are cut or have a changed byte: the tool gives a message with the file's name and exit code 1, or compiles
# them; it never crashes, and leaves nothing half-written. `ONNXC=build-with-sanitizers/onnxc` makes it stricter.
set -uo pipefail
root=${SOURCE_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
onnxc=${ONNXC:-$root/build/onnxc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
status=0 runs=0 refused=0

# try TITLE: runs the tool on ./damaged as onnxc MODEL -o out/net.cpp, and with what it says decides whether that is well.
try() {
  local code found
  rm -rf out && mkdir out
  timeout 60 "$onnxc" damaged -o out/net.cpp >log 2>&1
  code=$?
  found=$(ls -A out | tr '\n' ' ')
  runs=$((runs + 1))
  case $code in
    0) [ "$found" = "net.cpp net.h net.weights " ] || { echo "failed: $1: accepted, but it wrote: $found"; status=1; } ;;
    1)
      refused=$((refused + 1))
      grep -q '^damaged: error: ' log || { echo "failed: $1: the message names no file:"; cat log; status=1; }
      [ -z "$found" ] || { echo "failed: $1: refused, but it left $found"; status=1; }
      ;;
    *) echo "failed: $1: exit code $code:"; tail -n 20 log; status=1 ;;
  esac
}

# The file cut at 25 places, then each of 20 bytes changed in two ways.
damage() {
  local model=$1 size i at
  size=$(stat -c %s "$model")
  for i in $(seq 0 24); do
    at=$((size * i / 25 + i % 7))
    head -c $at "$model" >damaged
    try "$(basename "$model") cut at $at"
  done
  for i in $(seq 0 19); do
    # Most of the structure stands at the beginning and at the end.
    at=$((i % 2 ? i * i * 7 : size - 1 - i * i * 7))
    for byte in '\xff' '\x00'; do
      cp "$model" damaged
      printf "$byte" | dd of=damaged bs=1 seek=$at conv=notrunc status=none
      try "$(basename "$model") with byte $at changed to $byte"
    done
  done
}

for model in "$root"/tests/networks/*/model.onnx "$root/samples/digits/digits.onnx" "$root/samples/forecast/forecast.onnx.json"; do
  damage "$model"
done
echo "$runs damaged files, $refused refused"
[ $refused -gt 200 ] || { echo "failed: too few were refused"; status=1; }
exit $status
