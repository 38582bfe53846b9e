#!/usr/bin/env bash
# Independent readers judge what weightsmith writes.
#
#   Scripts/interop.sh          the safetensors package, h5py, gguf-py and ggml's C library: seconds, part of Scripts/test.sh
#   Scripts/interop.sh --full   also transformers (PyTorch; TensorFlow and Flax of its version 4), TensorFlow's own reader and MiniLM's
#                               real weights; writes Docs/Interop.md
#
# WEIGHTSMITH names the tool to judge (built here if unset); WEIGHTSMITH_PYTHON names a Python that has the packages, and
# WEIGHTSMITH_PYTHON4 one with transformers 4.44, TensorFlow and Flax; WEIGHTSMITH_LLAMA_EMBEDDING llama.cpp's program, which no package installs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=Scripts/setup.sh
source Scripts/setup.sh

full=no
case "${1:-}" in
  "") ;;
  --full) full=yes ;;
  *) echo "usage: Scripts/interop.sh [--full]" >&2; exit 64 ;;
esac

if [ -z "${WEIGHTSMITH:-}" ]; then
  need_build_tools
  swift build -c release --product weightsmith </dev/null
  WEIGHTSMITH="$(swift build -c release --show-bin-path </dev/null)/weightsmith"
fi
export WEIGHTSMITH

python="${WEIGHTSMITH_PYTHON:-}"
if [ "$full" = no ]; then
  if [ -z "$python" ]; then
    judges_venv .build/judges
    python=".build/judges/bin/python"
  fi
  "$python" Scripts/interop/light.py
else
  if [ -z "$python" ]; then
    peers_venv .build/peers/full
    python=".build/peers/full/bin/python"
  fi
  scratch="$(mktemp -d)"
  trap 'rm -rf "$scratch"' EXIT
  python4="${WEIGHTSMITH_PYTHON4:-}"
  if [ -z "$python4" ] && transformers4_venv .build/peers/transformers4; then
    python4=".build/peers/transformers4/bin/python"
  fi
  "$python" Scripts/interop/light.py
  if [ -n "$python4" ]; then
    "$python4" Scripts/interop/transformers4.py "$scratch/rows.json"
  else
    echo "skipped: transformers 4.44 is not installed"
  fi
  "$python" Scripts/interop/full.py Docs/Interop.md "$scratch/rows.json"
fi
