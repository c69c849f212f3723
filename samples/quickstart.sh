#!/bin/bash
# From a fresh Debian 12 to a network's answers: installs what is missing, builds onnxc, compiles and runs digits.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BUILD_DIR:-$root/build}
log=$build/quickstart.log
mkdir -p "$build"
: >"$log"

# stage TITLE COMMAND...: runs quietly; what the command prints goes to the log, and is shown where it fails.
stage() {
  local title=$1 start=$SECONDS
  shift
  printf '%-50s' "$title"
  if ! "$@" >>"$log" 2>&1 </dev/null; then
    printf 'failed\n\n'
    tail -n 40 "$log"
    printf '\nThe whole log: %s\n' "$log"
    exit 1
  fi
  printf '%4d s\n' $((SECONDS - start))
}

make_target() {
  cmake --build "$build" --parallel "$(nproc)" --target "$1"
}

. "$root/samples/install.sh"
stage "Installing missing packages" install_packages "${build_packages[@]}"
stage "Configuring" cmake -S "$root" -B "$build" -G Ninja -D ONNXC_BUILD_TESTS=OFF -D ONNXC_BUILD_SAMPLES=ON
stage "Building onnxc (minutes the first time)" make_target onnxc
stage "Compiling samples/digits/digits.onnx to a library" make_target digits_network
stage "Linking samples/digits/main.cpp with it" make_target digits
printf '\n'
"$build/samples/digits/digits"
cat <<END

The network's source:  $build/samples/digits/digits_network.onnxc/digits.cpp
A model of your own:   $build/onnxc model.onnx -o model.cpp
END
