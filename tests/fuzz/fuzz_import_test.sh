#!/bin/bash
# Two minutes of damaged models: the importer, lowering, passes and plan neither crash nor hang, nor break their own rules.
. "$(dirname "${BASH_SOURCE[0]}")/fuzz_import.sh"
fuzz_import 120
