#!/usr/bin/env bash
# Changes every metadata byte of every HDF5 fixture of at most 16 KB, four ways each in those of at most 8 KB, and opens the result as the
# command line does: libhdf5 in a confined child process. Every input must end in tensors or in an error of exit code 65, in less than
# 5 s. Takes an hour; the tests have a sample of it.
#
#   Scripts/sweep.sh            a line a file: what was read, what was refused and how often libhdf5 crashed or hung
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=Scripts/setup.sh
source Scripts/setup.sh

need_build_tools
WEIGHTSMITH_SWEEP=1 swift test --filter HDF5SweepTests </dev/null
