# How the scripts beside this one compile networks and run the result. They source it; `work` is a folder that goes with them.

root=${SOURCE_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
onnxc=${ONNXC:-$root/build/onnxc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
networks=("$root"/tests/networks/*/)
warnings=(-std=c++17 -Wall -Wextra -Werror)
status=0

fail() {
  echo "failed: $1"
  status=1
}

# report TITLE: what the last command's success was, with the program's words where it failed.
report() {
  if [ $? -eq 0 ]; then
    echo "$1"
    return
  fi
  cat "$work/log"
  fail "$1"
}

# check_recorded FOLDER TITLE MARCH COMPILER [RUNNER...]: compiles FOLDER/model.onnx for MARCH, and its source (with `kind`
# o: the object) with the command COMPILER; the program, started by RUNNER, gives what is recorded in FOLDER.
kind=cpp
check_recorded() {
  local folder=${1%/} title=$2 march=$3 compiler=$4
  shift 4
  "$onnxc" "$folder/model.onnx" -o "$work/net.$kind" --march "$march" --weights embed &&
    $compiler "${warnings[@]}" -I "$work" -I "$root" "$root/tests/emitted/run_recorded.cc" "$work/net.$kind" -o "$work/run" &&
    "$@" "$work/run" "$folder"/test_data_set_* >"$work/log" 2>&1
  report "$title: $(basename "$folder")"
}

# check_sample NAME MODEL TITLE MARCH COMPILER [RUNNER...]: likewise with the program of samples/NAME, which judges itself.
check_sample() {
  local name=$1 model=$2 title=$3 march=$4 compiler=$5
  shift 5
  mkdir -p "$work/include"
  ln -sfn "$root/runtime" "$work/include/onnxc"
  "$onnxc" "$root/samples/$name/$model" -o "$work/$name.cpp" --march "$march" --weights embed &&
    $compiler "${warnings[@]}" -I "$work" -I "$work/include" -I "$root/samples/$name" "$root/samples/$name/main.cpp" \
      "$work/$name.cpp" -o "$work/run" &&
    "$@" "$work/run" >"$work/log" 2>&1
  report "$title: $name"
}

# check_all TITLE MARCH COMPILER [RUNNER...]: the small networks and the samples.
check_all() {
  local folder
  for folder in "${networks[@]}"; do
    check_recorded "$folder" "$@"
  done
  check_sample digits digits.onnx "$@"
  check_sample forecast forecast.onnx.json "$@"
}
