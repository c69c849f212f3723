#!/bin/bash
# The README's recipes, followed to the letter in a copy of the tree: a made-up operator, a pass and a kernel each touch
# what the recipe names and nothing else, and work. The files that a recipe adds stand beside this script, as
# <recipe>/<path>.txt.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${SOURCE_DIR:-$(cd "$here/../.." && pwd)}
work=${BUILD_DIR:-$root/build}/recipes
tree=$work/tree build=$work/build
status=0

fail() {
  echo "failed: $1"
  status=1
}

# Files keep their times and their place, so that a second run builds little.
rm -rf "$tree"
mkdir -p "$tree"
for part in CMakeLists.txt README.md .clang-format compiler codegen templates runtime samples tests; do
  cp -a "$root/$part" "$tree/" || exit 1
done

# An earlier run built these with its additions.
touch "$tree"/compiler/{ops/elementwise_unary.cc,ops/op_list.def,passes/pass_list.def,eval/kernels.cc}

# The tests that are there already would take long to build, and are run elsewhere.
while read -r file; do
  head -n 1 "$file" >"$tree/${file#"$root"/}"
  touch -r "$file" "$tree/${file#"$root"/}"
done < <(find "$root"/tests/*/ -name '*_test.cc')

# add_files RECIPE: copies what stands beside this script to its place.
add_files() {
  local file
  while read -r file; do
    mkdir -p "$tree/$(dirname "$file")"
    cp -p "$here/$1/$file.txt" "$tree/$file"
  done < <(cd "$here/$1" && find . -name '*.txt' | sed 's|^\./||; s|\.txt$||')
}

# insert FILE BEFORE LINE: the new line stands before the first that has the text BEFORE.
insert() {
  BEFORE=$2 LINE=$3 awk '!done && index($0, ENVIRON["BEFORE"]) { print ENVIRON["LINE"]; done = 1 } { print }' "$tree/$1" >"$work/edited" &&
    ! cmp -s "$work/edited" "$tree/$1" && cp "$work/edited" "$tree/$1" || fail "no \"$2\" in $1"
}

# check_touched RECIPE NAME: every file that differs from the tree before the recipe is named in its paragraph of the README.
check_touched() {
  local paragraph file
  paragraph=$(awk -v start="**$1.**" 'index($0, start) == 1 { on = 1 } on && $0 == "" { exit } on' "$root/README.md")
  [ -n "$paragraph" ] || fail "the README has no recipe $1"
  while read -r file; do
    [ "$file" = README.md ] && [[ $paragraph == *"readme_test.sh --fix"* ]] && continue
    [[ $paragraph == *"\`${file//$2/NAME}\`"* || $paragraph == *"\`$(basename "$file")\`"* ]] ||
      fail "$1: the recipe does not name $file"
  done < <(diff -rq "$work/before" "$tree" | sed -E "s|^Only in ($tree)/?([^:]*): |\1/\2/|; s|^Files $work/before/(.*) and .* differ|$tree/\1|; s|//|/|g; s|^$tree/||")
  echo "$1: $(diff -rq "$work/before" "$tree" | wc -l) files"
  rm -rf "$work/before"
  cp -a "$tree" "$work/before"
}

rm -rf "$work/before"
cp -a "$tree" "$work/before"

add_files pass
insert compiler/passes/pass_list.def "PASS(block_channels" 'PASS(cancel_negations, "drop a negation of a negation", "fuse_elementwise")'
export CCACHE_BASEDIR=$work
cmake -S "$tree" -B "$build" -G Ninja -D ONNXC_NATIVE=OFF -D ONNXC_BUILD_TESTS=ON -D ONNXC_BUILD_SAMPLES=OFF \
  -D CMAKE_BUILD_TYPE=Release -D CMAKE_CXX_FLAGS_RELEASE=-O0 -D CMAKE_COMPILE_WARNING_AS_ERROR=ON >"$work/log" 2>&1 ||
  { cat "$work/log"; exit 1; }
onnxc=$build/onnxc

# build_tools TARGET...: in the copy.
build_tools() {
  cmake "$build" >/dev/null && cmake --build "$build" --parallel "$(nproc)" --target "$@" >"$work/log" 2>&1 </dev/null ||
    { grep -E "error|FAILED" "$work/log" | head -n 20; fail "the build"; exit 1; }
}

# model NAME BODY: writes a model of one input and output as ONNX text.
model() {
  printf '<ir_version: 8, opset_import: ["" : 17]>\n%s (float[batch, 6] x) => (float[batch, 6] y) { %s }\n' "$1" "$2" >"$work/$1.onnx"
}

# check_model NAME: compiled source agrees with the reference.
check_model() {
  "$onnxc" verify "$work/$1.onnx" --via g++ || fail "$1: wrong results"
}

build_tools onnxc
SOURCE_DIR=$tree ONNXC=$onnxc bash "$tree/tests/readme_test.sh" --fix
check_touched "A pass" cancel_negations
model negations "a = Neg(x)  b = Neg(a)  y = Exp(b)"
rm -rf "$work/dump"
"$onnxc" "$work/negations.onnx" -o "$work/negations.cpp" --dump-ir "$work/dump" || fail "negations do not compile"
ls "$work/dump" | grep -q cancel_negations || fail "the pass is in no dump: $(ls "$work/dump" | tr '\n' ' ')"
"$onnxc" "$work/negations.onnx" -o "$work/plain.cpp" --disable-pass cancel_negations || fail "the pass cannot be disabled"
cmp -s "$work/negations.cpp" "$work/plain.cpp" && fail "the pass changes nothing"
check_model negations

insert compiler/ops/elementwise_unary.cc '};' '    {"Wobble", 1, "float",
     [](Lowering& x) {
       each_element(x, [](E v, Lowering&) { return v * call(ScalarOp::kSin, {v}); });
     }},'
add_files operator
build_tools onnxc
SOURCE_DIR=$tree ONNXC=$onnxc bash "$tree/tests/readme_test.sh" --fix
check_touched "An operator" wobble
"$onnxc" --print-operators | grep -qF '| Wobble |' || fail "Wobble is not listed"
model wobble "a = Wobble(x)  y = Add(a, x)"
check_model wobble

add_files kernel
insert compiler/eval/kernels.cc '#include "compiler/eval/reference_scatter.h"' '#include "compiler/eval/reference_running_max.h"'
insert compiler/eval/kernels.cc '{"scatter_elements"' '      {"running_max", reference_running_max},'
insert compiler/ops/op_list.def 'OPS(scatter)' 'OPS(running_max)'
build_tools onnxc
SOURCE_DIR=$tree ONNXC=$onnxc bash "$tree/tests/readme_test.sh" --fix
check_touched "A kernel" running_max
model running "y = RunningMax(x)"
check_model running
"$onnxc" "$work/running.onnx" -o "$work/running.cpp" && grep -q 'running_max(' "$work/running.cpp" || fail "no call of the kernel"

build_tools test_compiler test_tree
"$build/tests/test_compiler" --gtest_brief=1 --gtest_filter='Wobble.*:CancelNegations.*:RunningMax*' || fail "the recipes' tests"
"$build/tests/test_compiler" --gtest_list_tests --gtest_filter='Wobble.*:CancelNegations.*:RunningMax*' | grep -c '^  ' | grep -qx 4 ||
  fail "not all of the recipes' tests were found"
"$build/tests/test_tree" --gtest_brief=1 || fail "the tree's rules"
g++ -std=c++20 -I "$tree" "$tree/tests/templates/cpu/running_max_test.cc" -o "$work/kernel_test" -lgtest -lgtest_main &&
  "$work/kernel_test" --gtest_brief=1 || fail "the kernel's test"
SOURCE_DIR=$tree ONNXC=$onnxc bash "$tree/tests/readme_test.sh" >/dev/null || fail "the README's lists"
bash "$tree/tests/format_test.sh" >"$work/log" 2>&1 || { head -n 5 "$work/log"; fail "the format"; }
exit $status
