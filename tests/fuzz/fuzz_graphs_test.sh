#!/bin/bash
# Random graphs, always the same ones, compute what the reference evaluator says, however they are compiled.
set -uo pipefail
build=${BUILD_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build}
work=$(mktemp -d)
"$build/tests/fuzz_graphs" --seed 1 --count 300 --found "$work" || {
  echo "minimal graphs are in $work"
  exit 1
}
rm -r "$work"
