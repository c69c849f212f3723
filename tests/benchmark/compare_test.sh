#!/bin/bash
# compare.py runs and prints its tables for digits: a smoke test, which judges no time.
set -uo pipefail
root=${SOURCE_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
onnxc=${ONNXC:-$root/build/onnxc}
command -v python3 >/dev/null || { echo "SKIPPED: python3 is missing (apt package python3)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/digits"
cp "$root/samples/digits/digits.onnx" "$work/digits/model.onnx"
cp -r "$root/tests/networks/residual" "$work"
status=0

# The recorded input of digits: no output is needed to time it. TensorProto of float[2,1,8,8].
python3 - "$work/digits" <<'END' || exit 1
import pathlib, struct, sys
data = pathlib.Path(sys.argv[1]) / "test_data_set_0"
data.mkdir()
values = b"".join(struct.pack("<f", i % 17 / 16) for i in range(128))
(data / "input_0.pb").write_bytes(bytes([8, 2, 8, 1, 8, 8, 8, 8, 16, 1, 0x4A, 0x80, 4]) + values)
END

# expect TEXT: the output holds it.
expect() {
  grep -qF -- "$1" "$work/log" || { echo "failed: no \"$1\""; status=1; }
}

compare=(python3 "$root/tests/benchmark/compare.py" --onnxc "$onnxc" --rounds 1 --seconds 0 --skip-peak)
"${compare[@]}" "$work/digits" "$work/residual" ${ONNXC_ONNXRUNTIME:+--onnxruntime "$ONNXC_ONNXRUNTIME"} >"$work/log" 2>&1 || status=1
cat "$work/log"
expect "| digits | 10240 | 10240 | 1.000 |"
expect "| residual |"
expect "| geometric mean |"
"${compare[@]}" "$work/digits" --onnxruntime "$work/none.so" >"$work/log" 2>&1 && { echo "failed: a missing library is accepted"; status=1; }
expect "compare.py: "
expect "none.so"
grep -q Traceback "$work/log" && { cat "$work/log"; status=1; }
"${compare[@]}" "$work/none" >"$work/log" 2>&1 && { echo "failed: a missing folder is accepted"; status=1; }
expect "compare.py: no model.onnx in"
exit $status
