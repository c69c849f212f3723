#!/bin/bash
# Where the output cannot be written, onnxc says so by the file's name, and leaves what was there before and nothing else:
# a full disk (a small tmpfs where one may be mounted), a limit on file sizes, a folder that is read-only.
set -uo pipefail
root=${SOURCE_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
onnxc=${ONNXC:-$root/build/onnxc}
model=$root/samples/digits/digits.onnx
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

fail() {
  echo "failed: $1"
  status=1
}

# refused TITLE TEXT FOLDER: the last run of the tool had exit code 1, said TEXT, and FOLDER holds only its old net.h.
refused() {
  local code=$?
  [ $code -eq 1 ] || fail "$1: exit code $code"
  grep -qE "$2" "$work/log" || { cat "$work/log"; fail "$1: no message $2"; }
  [ "$(ls -A "$3")" = net.h ] || fail "$1: files are left: $(ls -A "$3" | tr '\n' ' ')"
  [ "$(cat "$3/net.h")" = old ] || fail "$1: the old net.h was changed"
  echo "$1: $(head -n 1 "$work/log")"
}

mkdir "$work/limited"
echo old >"$work/limited/net.h"
(
  ulimit -f 20
  "$onnxc" "$model" -o "$work/limited/net.cpp"
) >"$work/log" 2>&1
refused "limit on file sizes" "error: cannot write $work/limited/net.*: File too large" "$work/limited"

# Everything below happens in a mount namespace of its own, which ends with the script.
cat >"$work/mounted.sh" <<END
set -u
mount -t tmpfs -o size=64k none "$work/disk" || exit 99
echo old >"$work/disk/net.h"
"$onnxc" "$model" -o "$work/disk/net.cpp" >"$work/log" 2>&1
echo \$? >"$work/code"
cp -r "$work/disk" "$work/full"
mount -o remount,ro "$work/disk" || exit 99
"$onnxc" "$model" -o "$work/disk/net.cpp" >"$work/log_ro" 2>&1
echo \$? >"$work/code_ro"
cp -r "$work/disk" "$work/read_only"
END
mkdir "$work/disk"
unshare --mount --map-root-user bash "$work/mounted.sh" 2>"$work/unshare" || unshare --mount bash "$work/mounted.sh" 2>"$work/unshare"
if [ ! -f "$work/code_ro" ]; then
  echo "SKIPPED: full disk: no tmpfs may be mounted here: $(head -n 1 "$work/unshare")"
  exit $status
fi
(exit "$(cat "$work/code")")
refused "full disk" "error: cannot write $work/disk/net.*: the disk is full" "$work/full"
cp "$work/log_ro" "$work/log"
(exit "$(cat "$work/code_ro")")
refused "read-only" "error: cannot write $work/disk/net.*: Read-only file system" "$work/read_only"
exit $status
