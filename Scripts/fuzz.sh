#!/usr/bin/env bash
# Coverage-guided fuzzing of one reader with libFuzzer, seeded from Fixtures.
#
#   Scripts/fuzz.sh                    lists the readers
#   Scripts/fuzz.sh READER SECONDS     builds, makes the seeds and runs; what it finds lies in .build-fuzz/findings/READER
#
# libhdf5 reads metadata in a child process there, as it does for the command line.
# Every input must end in a tensor list or in one SmithError: a trap, a signal, more than 5 s or more than 1 GB is a finding, and the exit
# code is then not 0. A finding that is mended becomes a fixture with a test beside the reader's attacks. The corpus stays in .build-fuzz/corpus/READER and grows from run to run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=Scripts/setup.sh
source Scripts/setup.sh

need_build_tools
build=(swift build -c release --sanitize fuzzer --scratch-path .build-fuzz --product)
[ -n "${WEIGHTSMITH_FUZZ_NO_BUILD:-}" ] || WEIGHTSMITH_FUZZ=1 "${build[@]}" WeightsmithFuzz </dev/null
tool=(swift build -c release --product weightsmith)
[ -n "${WEIGHTSMITH_FUZZ_NO_BUILD:-}" ] || "${tool[@]}" </dev/null
WEIGHTSMITH_TOOL="$(swift build -c release --show-bin-path </dev/null)/weightsmith"
export WEIGHTSMITH_TOOL
fuzzer="$(swift build -c release --scratch-path .build-fuzz --show-bin-path </dev/null)/WeightsmithFuzz"

if [ $# -ne 2 ]; then
  echo "usage: Scripts/fuzz.sh READER SECONDS; the readers:" >&2
  "$fuzzer" >&2 || true
  exit 64
fi
export WEIGHTSMITH_READER="$1"
corpus=".build-fuzz/corpus/$1" findings=".build-fuzz/findings/$1"
mkdir -p "$corpus" "$findings"

say "seeds"
WEIGHTSMITH_FUZZ_SEEDS="$corpus" WEIGHTSMITH_FIXTURES=Fixtures/data "$fuzzer" 2>/dev/null

say "fuzzing $1 for $2 seconds"
WEIGHTSMITH_FUZZ_FOLDER="$(mktemp -d "${WEIGHTSMITH_FUZZ_FOLDER:-${TMPDIR:-/tmp}}/weightsmith-fuzz.XXXXXX")"
export WEIGHTSMITH_FUZZ_FOLDER
trap 'rm -rf "$WEIGHTSMITH_FUZZ_FOLDER"' EXIT
"$fuzzer" -max_total_time="$2" -timeout=5 -rss_limit_mb=1024 -max_len=524288 -print_final_stats=1 \
  -artifact_prefix="$findings/" "$corpus" </dev/null
