#!/bin/bash
# Source emitted for ONNX's own cases gives no warning with g++ and clang++, and its objects need nothing but memcpy,
# memmove and memset. `clean_cases_long_test.sh N`: every Nth case only.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/emit.sh"

data=/usr/share/libonnx-testdata/data
[ -d $data ] || { echo "SKIPPED: $data is missing (apt package libonnx-testdata)"; exit 77; }
compilers=(g++)
command -v clang++ >/dev/null && compilers+=(clang++) || echo "SKIPPED: clang++ is missing (apt package clang)"

# check_case FOLDER: one line where something is wrong. Cases that onnxc refuses are no matter of this test.
check_case() {
  local own compiler needed
  own=$(mktemp -d -p "$work")
  if "$onnxc" "$1/model.onnx" -o "$own/net.cpp" 2>/dev/null; then
    echo "compiled"
    for compiler in "${compilers[@]}"; do
      if ! $compiler "${warnings[@]}" -O1 -c "$own/net.cpp" -o "$own/net.o" 2>"$own/log"; then
        echo "failed: $(basename "$1"): $compiler: $(grep -m 1 -E 'error|warning' "$own/log" | cut -c1-200)"
      else
        needed=$(nm -u "$own/net.o" | awk '{print $2}' | grep -vE '^(memcpy|memmove|memset)$' | tr '\n' ' ')
        [ -z "$needed" ] || echo "failed: $(basename "$1"): $compiler: needs $needed"
      fi
    done
  fi
  rm -r "$own"
}

export -f check_case
export onnxc work
export all_compilers="${compilers[*]}" all_warnings="${warnings[*]}"
printf '%s\n' $data/{node,simple,pytorch-converted,pytorch-operator}/* | awk -v n="${1:-4}" 'NR % n == 0' |
  xargs -P "$(nproc)" -I{} bash -c 'compilers=($all_compilers); warnings=($all_warnings); check_case {}' >"$work/log"
grep ^failed "$work/log" && status=1
compiled=$(grep -c ^compiled "$work/log")
echo "$compiled cases compiled"
[ "$compiled" -ge 10 ] || fail "too few cases"
exit $status
