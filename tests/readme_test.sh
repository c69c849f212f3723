#!/bin/bash
# The README's lists are what the tool prints; --fix writes them.
set -euo pipefail
root=${SOURCE_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
onnxc=${ONNXC:-$root/build/onnxc}
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

"$onnxc" --print-operators >"$temporary/operators"
{ echo '```'; "$onnxc" --print-passes; echo '```'; } >"$temporary/passes"
awk -v folder="$temporary" '
  /^<!-- (operators|passes): / { print; file = folder "/" substr($2, 1, length($2) - 1); while ((getline line < file) > 0) print line; skip = 1; next }
  /^<!-- end -->/ { skip = 0 }
  !skip { print }
' "$root/README.md" >"$temporary/README.md"

if [ "${1:-}" = --fix ]; then
  cp "$temporary/README.md" "$root/README.md"
elif ! diff -u "$root/README.md" "$temporary/README.md"; then
  echo "README.md differs from what onnxc prints; run tests/readme_test.sh --fix"
  exit 1
fi
