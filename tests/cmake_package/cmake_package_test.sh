#!/bin/bash
# A separate project uses add_onnx_model: from an installation, then with onnxc as a subdirectory.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$SOURCE_DIR/samples/digits/digits.onnx" "$work/model.onnx"

fail() {
  echo "failed: $1"
  exit 1
}

# Flags as in the build under test, so that the compiler cache serves the subdirectory's objects.
same_flags=(-G Ninja -D CMAKE_BUILD_TYPE=Release -D "CMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG")
for name in CMAKE_CXX_COMPILER CMAKE_CXX_FLAGS CMAKE_COMPILE_WARNING_AS_ERROR ONNXC_SANITIZE ONNXC_NATIVE; do
  value=$(sed -n "s/^$name:[^=]*=//p" "$BUILD_DIR/CMakeCache.txt")
  [ -z "$value" ] || same_flags+=(-D "$name=$value")
done
if command -v ccache >/dev/null; then
  same_flags+=(-D CMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi

# check_project NAME OPTIONS...: configures, builds and runs the project in $work/NAME.
check_project() {
  local build=$work/$1
  shift
  cmake -S "$here" -B "$build" "${same_flags[@]}" -D MODEL="$work/model.onnx" "$@"
  cmake --build "$build" --parallel "$(nproc)"
  "$build/user"
  cmake --build "$build" | tee "$work/again"
  grep -q "no work to do" "$work/again" || fail "a second build has work to do"
}

# check_rebuild FILE: a change of it makes the model's library anew.
check_rebuild() {
  local before
  before=$(stat -c %Y.%y "$work/package/embedded.onnxc/any_batch.cpp")
  sleep 0.05
  touch "$1"
  cmake --build "$work/package"
  [ "$before" != "$(stat -c %Y.%y "$work/package/embedded.onnxc/any_batch.cpp")" ] || fail "no rebuild after a change of $1"
}

# check_message TEXT ARGUMENTS...: a call of add_onnx_model with these arguments is refused with TEXT.
check_message() {
  local text=$1
  shift
  mkdir -p "$work/wrong"
  printf 'cmake_minimum_required(VERSION 3.25)\nproject(wrong CXX)\nfind_package(onnxc REQUIRED)\nadd_onnx_model(%s)\n' \
    "$*" >"$work/wrong/CMakeLists.txt"
  if cmake -S "$work/wrong" -B "$work/wrong/build" -D CMAKE_PREFIX_PATH="$work/prefix" >"$work/message" 2>&1; then
    fail "add_onnx_model($*) was accepted"
  fi
  tr -s ' \n' ' ' <"$work/message" | grep -qF "$text" || { cat "$work/message"; fail "no message: $text"; }
}

cmake --install "$BUILD_DIR" --prefix "$work/prefix"
"$work/prefix/bin/onnxc" --version
check_project package -D CMAKE_PREFIX_PATH="$work/prefix"
check_rebuild "$work/model.onnx"
check_rebuild "$work/prefix/bin/onnxc"

check_message "no such file: $work/wrong/no.onnx" TARGET t MODEL no.onnx
check_message "TARGET and MODEL are needed" MODEL "$work/model.onnx"
check_message "WEIGHTS is embed, file or source, not disk" TARGET t MODEL "$work/model.onnx" WEIGHTS disk
check_message "unknown arguments: BATCH;8" TARGET t MODEL "$work/model.onnx" WEIGHTS file BATCH 8

check_project subdirectory -D ONNXC_SUBDIRECTORY="$SOURCE_DIR"
