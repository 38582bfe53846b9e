#!/usr/bin/env bash
# Measures the figures the project promises, against named peers on the same machine in the same run, and prints ratios.
#
#   Scripts/bench.sh [--repetitions N] [--only convert,inspect,matrix,quantize,forward,tokenize] [--json FILE]
#
# Inputs (9 GB) are made once in .build/bench, Python peers live in .build/peers. WEIGHTSMITH_PYTHON names another Python
# that has numpy, google_crc32c and, for the peers, h5py, safetensors, tensorflow, torch and transformers.
# WEIGHTSMITH_LLAMA_QUANTIZE names llama.cpp's `llama-quantize`, where it was built (PyPI's source of llama-cpp-python has it); gguf is gguf-py's.
# Exit code 1 when a figure misses its target.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=Scripts/setup.sh
source Scripts/setup.sh

need_build_tools
say "build"
swift build -c release --product weightsmith </dev/null
tool="$(swift build -c release --show-bin-path </dev/null)/weightsmith"

say "inputs and peers"
python="${WEIGHTSMITH_PYTHON:-}"
if [ -z "$python" ]; then
  python_venv .build/peers/small numpy google-crc32c h5py safetensors
  python=".build/peers/small/bin/python"
  if peers_venv .build/peers/full; then python=".build/peers/full/bin/python"; fi
fi
mkdir -p .build/bench
"$python" Scripts/bench/make_inputs.py .build/bench

say "figures ($(uname -sm), $(getconf _NPROCESSORS_ONLN) cores)"
"$python" Scripts/bench/measure.py "$tool" .build/bench "$@"
