#!/bin/bash
# Compiled programs give the recorded outputs of ONNX's own cases, but for those listed in compiled_failures.txt with their
# reason; --fix rewrites the list. Cases of a folder beside the repository (../shared) are checked where it exists.
set -uo pipefail
root=${SOURCE_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
onnxc=${ONNXC:-$root/build/onnxc}
list=$root/tests/onnx_backend/compiled_failures.txt
data=/usr/share/libonnx-testdata/data
[ -d $data ] || { echo "SKIPPED: $data is missing (apt package libonnx-testdata)"; exit 77; }
[ -d "$root/../shared/onnx-cases" ] || echo "SKIPPED: ../shared/onnx-cases is missing: newer cases are not checked"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$onnxc" verify --jobs "$(nproc)" $data/{node,simple,pytorch-converted,pytorch-operator}/* >"$log"
tail -n 1 "$log"
failures=$(sed -nE "s|^FAIL $data/([^:]*): (.*)|\1: \2|p" "$log" | cut -c1-160 | LC_ALL=C sort)
if [ "${1:-}" = --fix ]; then
  printf '%s\n' "$failures" >"$list"
  exit
fi
status=0
diff <(cut -d: -f1 "$list") <(cut -d: -f1 <<<"$failures") >/dev/null || {
  echo "not as listed in $list (refresh with --fix):"
  diff -u "$list" <(printf '%s\n' "$failures")
  status=1
}
if [ -d "$root/../shared/models" ]; then
  "$onnxc" verify --jobs "$(nproc)" "$root"/../shared/onnx-light/light_* >"$log" || { grep ^FAIL "$log"; status=1; }
  tail -n 1 "$log"
fi
exit $status
