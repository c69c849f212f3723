#!/bin/bash
# Code emitted for each x86 instruction set that this machine has, and without vectors, gives the recorded outputs.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/emit.sh"

[ "$(uname -m)" = x86_64 ] || { echo "SKIPPED: this is no x86-64 machine"; exit 77; }
flags=" $(sed -n 's/^flags[^:]*: //p;T;q' /proc/cpuinfo) "

# has FEATURE...: whether the processor does.
has() {
  local feature
  for feature in "$@"; do
    case $flags in *" $feature "*) ;; *) return 1 ;; esac
  done
}

# rv64gc's source has no vectors and nothing of its machine, so any compiler takes it.
check_all "scalar" rv64gc "g++ -O2"
check_all "SSE2" x86-64 "g++ -O2"
has sse4_2 && check_all "x86-64-v2" x86-64-v2 "g++ -O2"
has avx2 fma && check_all "x86-64-v3" x86-64-v3 "g++ -O2"
if has avx512f avx512bw avx512cd avx512dq avx512vl; then
  check_all "x86-64-v4" x86-64-v4 "g++ -O2"
else
  echo "SKIPPED: x86-64-v4: this machine has no AVX-512"
fi
exit $status
