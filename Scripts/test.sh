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

say "build and test"
swift build --build-tests </dev/null
swift test </dev/null

say "build and test without oneDNN"
swift test --disable-default-traits --scratch-path .build-no-onednn </dev/null

say "independent readers of our output"
judges="passed"
if python_venv .build/judges numpy h5py safetensors; then
  WEIGHTSMITH="$(swift build --show-bin-path </dev/null)/weightsmith" Scripts/interop.sh
else
  judges="skipped: pip could not install numpy, h5py and safetensors"
fi

say "tests passed with and without oneDNN; independent readers $judges"
