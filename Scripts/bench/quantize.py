"""BERT-large f32, one GGUF file to another of blocks: against `llama-quantize --pure` (WEIGHTSMITH_LLAMA_QUANTIZE) and gguf-py.

Wall time, and beside it the processor's seconds of all threads. Both programs have all cores, read the same file and write to the same disk.
"""
import os
import sys

from figures import HERE, MEGABYTE, Row, clear, have, run, run_counting, seconds, skipped

# scheme, and how much of llama-quantize's time ours may take
TARGETS = {"q8_0": 1.0, "q4_0": 1.0, "q6_k": 0.5, "q4_k": 0.5}
PYTHON = ("q8_0", "q4_0")  # what gguf-py encodes


def make_source(tool, folder):
    source = folder / "bert_large.f32.gguf"
    if not source.exists():
        run([tool, "convert", folder / "bert_large", source])
    return source


def measure(tool, folder, repetitions):
    source, ours, theirs = make_source(tool, folder), folder / "ours.gguf", folder / "theirs.gguf"
    peer = os.environ.get("WEIGHTSMITH_LLAMA_QUANTIZE")
    run(["sh", "-c", 'cat "$1" >/dev/null', "sh", source])  # into the page cache
    peaks = []
    for scheme, limit in TARGETS.items():
        own, other, python = [], [], []
        for _ in range(repetitions):
            own.append(run_counting([tool, "quantize", source, ours, "--scheme", scheme]))
            clear(ours)
            if peer:
                other.append(run_counting([peer, "--pure", source, theirs, scheme.upper()]))
                clear(theirs)
        if scheme in PYTHON and have("gguf", "numpy"):
            python.append(run_counting([sys.executable, HERE / "peer_gguf.py", source, theirs, scheme]))
            clear(theirs)
        peaks += [peak for _, peak, _ in own]
        yield from rows(scheme, limit, own, other, python)
    yield Row("  peak memory of all of them", f"{max(peaks) / MEGABYTE:.0f} MB", "", "", "<= 200 MB", max(peaks) <= 200 * MEGABYTE)


def rows(scheme, limit, own, other, python):
    figure = f"quantize BERT-large to {scheme}"
    walls, cpu = [wall for wall, _, _ in own], [cpu for _, _, cpu in own]
    if not other:
        yield skipped(figure, "llama-quantize")
    else:
        peer_walls, peer_cpu = [wall for wall, _, _ in other], [cpu for _, _, cpu in other]
        ratio = min(walls) / min(peer_walls)
        peak = max(peak for _, peak, _ in other) / MEGABYTE
        yield Row(figure, seconds(walls), f"llama-quantize {seconds(peer_walls)}", f"{ratio:.2f}x", f"<= {limit:.1f}x", ratio <= limit, f"its peak {peak:.0f} MB")
        yield Row("  the processor's seconds", seconds(cpu), seconds(peer_cpu), f"{min(cpu) / min(peer_cpu):.2f}x")
    if python:
        wall, peak, spent = python[0]
        yield Row("  gguf-py", seconds(walls), f"{wall:.2f} s, {peak / MEGABYTE:.0f} MB, processor {spent:.2f} s", f"{min(walls) / wall:.2f}x")
