#!/bin/bash
# Emitted source gives no warning with g++ and clang++, wherever the weights are, and its objects need nothing but memcpy,
# memmove and memset.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/emit.sh"

compilers=(g++)
command -v clang++ >/dev/null && compilers+=(clang++) || echo "SKIPPED: clang++ is missing (apt package clang)"

# check_object FILE TITLE: what the object needs is allowed.
check_object() {
  local needed
  needed=$(nm -u "$1" | awk '{print $2}' | grep -vE '^(memcpy|memmove|memset)$')
  [ -z "$needed" ] || fail "$2 needs" $needed
}

# check_clean MODEL: every kind of output.
check_clean() {
  local model=$1 name weights compiler
  name=$(basename "$(dirname "$model")")
  for weights in file embed source; do
    "$onnxc" "$model" -o "$work/net.cpp" --weights $weights || { fail "$name: onnxc"; return; }
    for compiler in "${compilers[@]}"; do
      $compiler "${warnings[@]}" -pedantic -O1 -c "$work/net.cpp" -o "$work/net.o" || fail "$name: $compiler, --weights $weights"
      check_object "$work/net.o" "$name: $compiler, --weights $weights"
    done
  done
  for compiler in "${compilers[@]}"; do
    $compiler "${warnings[@]}" -O0 -c "$work/net.cpp" -o "$work/net.o" || fail "$name: $compiler -O0"
    check_object "$work/net.o" "$name: $compiler -O0"
  done
  if [[ $("$onnxc" --version) == *clang* ]]; then
    "$onnxc" "$model" -o "$work/net.o" --weights embed && check_object "$work/net.o" "$name: onnxc -o net.o"
  fi
  echo "#include \"net.h\"
int main(void) { return net_model.input_count == 0; }" >"$work/user.c"
  gcc -std=c11 -Wall -Wextra -Werror -pedantic -c "$work/user.c" -o "$work/user.o" || fail "$name: the header as C"
  echo "$name"
}

for model in "$root"/tests/networks/*/model.onnx "$root"/samples/digits/digits.onnx "$root"/samples/forecast/forecast.onnx.json; do
  check_clean "$model"
done
exit $status
