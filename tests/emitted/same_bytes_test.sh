#!/bin/bash
# The same model gives the same bytes: from another folder, in another language and time zone, with another environment,
# and whatever else the machine does.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/emit.sh"

# A language that writes 1,5 for a half: the machine's, or one made here where localedef can.
language=$(locale -a 2>/dev/null | grep -m 1 -iE '^(de_DE|fr_FR)\.utf-?8$')
if [ -z "$language" ] && localedef -i de_DE -f UTF-8 "$work/de_DE.UTF-8" 2>/dev/null; then
  export LOCPATH=$work
  language=de_DE.UTF-8
fi
[ -n "$language" ] || echo "SKIPPED: no language with decimal commas (apt package locales)"

# emit_all MODEL FOLDER: every kind of output, compiled inside FOLDER.
emit_all() {
  mkdir -p "$2"
  (
    cd "$2" && "$onnxc" "$1" -o net.cpp && "$onnxc" "$1" -o embedded.cpp --weights embed &&
      "$onnxc" "$1" -o source.cpp --weights source &&
      { [[ $("$onnxc" --version) != *clang* ]] || "$onnxc" "$1" -o object.o --weights embed; }
  ) || fail "$1 does not compile"
}

for model in "$root"/tests/networks/*/model.onnx "$root"/samples/digits/digits.onnx "$root"/samples/forecast/forecast.onnx.json; do
  file=$(basename "$model")
  rm -rf "$work/here" "$work/there" "$work/far away"
  emit_all "$model" "$work/here"
  mkdir -p "$work/far away/from here"
  cp "$model" "$work/far away/from here/$file"
  (
    export LC_ALL=${language:-C} LANG=${language:-C} LC_NUMERIC=${language:-C} TZ=Asia/Kolkata HOME=/nonexistent USER=somebody
    export TMPDIR="$work/far away" COLUMNS=20 MALLOC_PERTURB_=165 SOURCE_DATE_EPOCH=1 OMP_NUM_THREADS=7
    umask 077
    emit_all "../from here/$file" "$work/far away/there"
    exit $status
  ) || status=1
  diff -r "$work/here" "$work/far away/there" >"$work/log" || { head -n 20 "$work/log"; fail "$model: other bytes"; }
  grep -rlE "$work|$root" "$work/here" && fail "$model: the output names a folder of this machine"
  echo "$(cd "$work/here" && cat ./* | sha256sum | cut -c1-16) $(basename "$(dirname "$model")")"
done
exit $status
