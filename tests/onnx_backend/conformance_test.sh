#!/bin/bash
# Compiled programs give the recorded outputs of ONNX's own cases, but for those listed in compiled_failures.txt and
# newer_failures.txt with what they gave; --fix rewrites the lists. Newer cases than Debian's are checked where a folder
# beside the repository (../shared) has them.
set -uo pipefail
root=${SOURCE_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
onnxc=${ONNXC:-$root/build/onnxc}
lists=$root/tests/onnx_backend
data=/usr/share/libonnx-testdata/data
[ -d $data ] || { echo "SKIPPED: $data is missing (apt package libonnx-testdata)"; exit 77; }
[ -d "$root/../shared/onnx-cases" ] || echo "SKIPPED: ../shared/onnx-cases is missing: newer cases are not checked"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0

# check FOLDER LIST CASE...: the failures among the cases below FOLDER are those that LIST names.
check() {
  local folder=$1 list=$2
  shift 2
  "$onnxc" verify --precision strict --rtol 1e-3 --atol 1e-7 --jobs "$(nproc)" "$@" >"$log"
  tail -n 1 "$log"
  local failures
  failures=$(sed -nE "s|^FAIL $folder/([^:]*): (.*)|\1: \2|p" "$log" | cut -c1-160 | LC_ALL=C sort)
  if [ "$fix" = --fix ]; then
    printf '%s\n' "$failures" >"$list"
  elif ! diff <(cut -d: -f1 "$list") <(cut -d: -f1 <<<"$failures") >/dev/null; then
    echo "not as listed in $list (refresh with --fix):"
    diff -u "$list" <(printf '%s\n' "$failures")
    status=1
  fi
}

fix=${1:-}
check $data "$lists/compiled_failures.txt" $data/{node,simple,pytorch-converted,pytorch-operator}/*
if [ -d "$root/../shared/onnx-cases" ]; then
  check "$root/../shared/onnx-cases/node" "$lists/newer_failures.txt" "$root"/../shared/onnx-cases/node/test_*
  "$onnxc" verify --jobs "$(nproc)" "$root"/../shared/onnx-light/light_* >"$log" || { grep ^FAIL "$log"; status=1; }
  tail -n 1 "$log"
fi
exit $status
