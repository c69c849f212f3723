#!/bin/bash
# As fuzz_import_test.sh, for an hour.
. "$(dirname "${BASH_SOURCE[0]}")/fuzz_import.sh"
fuzz_import 3600
