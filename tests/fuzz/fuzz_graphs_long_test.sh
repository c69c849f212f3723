#!/bin/bash
# As fuzz_graphs_test.sh, with many more graphs, each compiled in two ways.
set -uo pipefail
build=${BUILD_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build}
work=$(mktemp -d)
"$build/tests/fuzz_graphs" --seed 1001 --count 20000 --configurations 2 --jobs "$(nproc)" --found "$work" || {
  echo "minimal graphs are in $work"
  exit 1
}
rm -r "$work"
