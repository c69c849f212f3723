#!/bin/bash
# All sources are formatted as .clang-format says. To format them: tests/format_test.sh --fix
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
mode=(--dry-run -Werror)
[ "${1:-}" != --fix ] || mode=(-i)
find compiler codegen templates runtime tests samples -type f \
  \( -name '*.h' -o -name '*.cc' -o -name '*.cpp' -o -name '*.c' -o -name '*.cu' -o -name '*.cuh' \) \
  ! -path 'samples/*_test.h' -print0 | xargs -0 -r -n 50 clang-format "${mode[@]}"
