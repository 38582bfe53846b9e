#!/usr/bin/env bash
# From Google's ALBERT checkpoint to Hugging Face safetensors, with proof: inspect, convert, verify, quantize, un-share, and what
# the proof says of a damaged copy. Installs what building needs, builds, and works in a temporary folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=Scripts/setup.sh
source Scripts/setup.sh

say "Setup and build"
need_build_tools
swift build -c release --product weightsmith </dev/null
PATH="$(swift build -c release --show-bin-path </dev/null):$PATH"

out="$(mktemp -d "${TMPDIR:-/tmp}/weightsmith-demo.XXXXXX")"
google="Fixtures/data/trained/tiny_albert/google_tf"
cloze="Fixtures/data/trained/cloze.json"

# run COMMAND…: shows the command, then runs it.
run() {
  printf '\n$ %s\n' "${*//"$out"/\$OUT}"
  "$@" </dev/null
}

# run_expecting CODE COMMAND…: the command has to end with that exit code.
run_expecting() {
  local expected="$1" code=0
  shift
  run "$@" || code=$?
  printf '(exit code %s)\n' "$code"
  if [ "$code" -ne "$expected" ]; then
    printf 'demo: expected exit code %s\n' "$expected" >&2
    exit 1
  fi
}

printf '\nOUT=%s\n' "$out"

say "1. What is this? A tiny ALBERT in Google's TensorFlow form; it was trained and knows a little world"
run weightsmith inspect "$google"

say "2. Convert it to a Hugging Face folder"
run weightsmith convert "$google" "$out/albert-hf" --to safetensors
run ls -l "$out/albert-hf"

say "3. Prove that it is the same model: every tensor, every layer, against the measured rounding floor"
run_expecting 0 weightsmith verify "$google" "$out/albert-hf"

say "   and ask it something: text goes through the SentencePiece model that came along"
run weightsmith run "$out/albert-hf" --text "[MASK] is the capital of japan ." --top 3

say "4. Quantize it; the policy for reduced precision judges, and cloze questions show what the model still knows"
for scheme in int8-channel q8_0; do
  run weightsmith quantize "$google" "$out/albert-$scheme" --scheme "$scheme"
  run_expecting 0 weightsmith verify "$google" "$out/albert-$scheme" --cloze "$cloze"
done

say "5. Give every layer a block of its own: four times the blocks, the same model"
run weightsmith transform "$google" "$out/albert-unshared" --unshare --to safetensors
run_expecting 0 weightsmith verify "$google" "$out/albert-unshared"

say "6. Damage a copy, 64 weights of the third layer: the questions do not notice, the proof does"
run cp -r "$out/albert-unshared" "$out/albert-damaged"
run python3 Scripts/damage.py "$out/albert-damaged/model.safetensors" \
  albert.encoder.albert_layer_groups.2.albert_layers.0.ffn.weight
run_expecting 1 weightsmith verify "$google" "$out/albert-damaged" --cloze "$cloze"

say "Everything is in $out"
