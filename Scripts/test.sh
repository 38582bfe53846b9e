#!/usr/bin/env bash
# Everything that must hold: the fixtures are what the manifest says, the package builds without a warning (warnings are
# errors in Package.swift), all tests pass with oneDNN and without it, and independent readers agree with our output.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=Scripts/setup.sh
source Scripts/setup.sh

say "setup"
need_build_tools

say "fixtures"
python3 Scripts/manifest.py --check

# run_tests ARGUMENT…: swift test, its output kept to count what passed.
log="$(mktemp "${TMPDIR:-/tmp}/weightsmith-tests.XXXXXX")"
trap 'rm -f "$log"' EXIT
run_tests() { swift test "$@" </dev/null 2>&1 | tee -a "$log"; }

say "build and test"
swift build --build-tests </dev/null
run_tests

say "build and test without oneDNN"
run_tests --disable-default-traits --scratch-path .build-no-onednn

say "independent readers of our output"
judges="passed"
if judges_venv .build/judges; then
  WEIGHTSMITH="$(swift build --show-bin-path </dev/null)/weightsmith" Scripts/interop.sh
else
  judges="skipped: pip could not install them"
fi

say "tests passed with and without oneDNN; independent readers $judges"
printf '%s passed, 0 failed\n' "$(sed -n 's/.*Test run with \([0-9]*\) test.* passed.*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')"
