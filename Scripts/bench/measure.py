"""Runs the benchmark and prints a table: figure, measured, peer, ratio, target, ok or miss.

    python measure.py WEIGHTSMITH FOLDER [--repetitions N] [--only convert,inspect,matrix,quantize,forward,tokenize] [--json FILE]

Everything that is compared runs interleaved, on the same disk, in the same minutes. Wall time is the minimum of the
repetitions (the median is printed too); peak memory is what the kernel reports for the child (ru_maxrss). A child starts
with its parent's peak, so this process has to stay small: it reads no data and imports no peer.
"""
import argparse
import json
import pathlib
import shutil
import sys

import matrix
import quantize
import tokenizing
from figures import HERE, MEGABYTE, MEMORY, Row, clear, have, printed_seconds, run, seconds, skipped


def measure_convert(tool, folder, repetitions):
    """BERT-large TF bundle to a Hugging Face folder, against cp of the same data and against TensorFlow + safetensors."""
    source = folder / "bert_large"
    data = next(source.glob("*.data-*"))
    prefix = str(data).split(".data-")[0]
    copy, ours, theirs = folder / "copy.data", folder / "converted", folder / "peer.safetensors"
    copies, synced, walls, peaks, fast, python = [], [], [], [], [], []
    for path in (copy, ours, theirs):
        clear(path)
    run(["sh", "-c", 'cat "$1" >/dev/null', "sh", data])  # into the page cache once, for everybody
    with_tensorflow = have("tensorflow", "safetensors")
    for repetition in range(repetitions):
        copies.append(run(["cp", data, copy])[0])
        clear(copy)
        synced.append(run(["sh", "-c", 'cp "$1" "$2" && sync "$2"', "sh", data, copy])[0])
        clear(copy)
        wall, peak = run([tool, "convert", source, ours, "--to", "safetensors"])
        walls.append(wall)
        peaks.append(peak)
        clear(ours)
        fast.append(run([tool, "convert", source, ours, "--to", "safetensors", "--no-verify"])[0])
        clear(ours)
        if with_tensorflow and repetition < 2:
            python.append(run([sys.executable, HERE / "peer_tensorflow.py", prefix, theirs]))
            clear(theirs)
    ratio = min(walls) / min(copies)
    disk = max(0.0, min(synced) - min(copies))
    yield Row("convert BERT-large TF to HF safetensors", seconds(walls), f"cp {seconds(copies)}", f"{ratio:.2f}x", "<= 1.5x", ratio <= 1.5,
              f"{data.stat().st_size / 1e9:.2f} GB; the disk keeps cp's copy waiting {disk:.2f} s")
    yield Row("  the same, cp made to reach the disk too", seconds(walls), f"cp+sync {seconds(synced)}", f"{min(walls) / min(synced):.2f}x")
    yield Row("  the same without reading back", seconds(fast), f"cp {seconds(copies)}", f"{min(fast) / min(copies):.2f}x")
    yield from measure_in_memory(tool, source, data, repetitions)
    yield Row("  peak memory", f"{max(peaks) / MEGABYTE:.0f} MB", "", "", "<= 200 MB", max(peaks) <= 200 * MEGABYTE)
    if python:
        best = min(wall for wall, _ in python)
        times = best / min(walls)
        yield Row("  against Python: TensorFlow + safetensors", seconds(walls),
                  f"{best:.2f} s, {max(peak for _, peak in python) / MEGABYTE:.0f} MB", f"{times:.1f}x faster", ">= 5x", times >= 5)
    else:
        yield skipped("  against Python: TensorFlow + safetensors", "tensorflow-cpu")


def measure_in_memory(tool, source, data, repetitions):
    """The same where nobody waits for a disk: what is left is our own work against cp's."""
    figure = "  the same, to a file system in memory"
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < 2 * data.stat().st_size:
        yield Row(figure, f"skipped: no room in {MEMORY}")
        return
    copy, ours = MEMORY / "weightsmith-bench.data", MEMORY / "weightsmith-bench"
    copies, walls = [], []
    for path in (copy, ours):
        clear(path)
    for _ in range(repetitions):
        copies.append(run(["cp", data, copy])[0])
        clear(copy)
        walls.append(run([tool, "convert", source, ours, "--to", "safetensors"])[0])
        clear(ours)
    ratio = min(walls) / min(copies)
    yield Row(figure, seconds(walls), f"cp {seconds(copies)}", f"{ratio:.2f}x", "<= 1.5x", ratio <= 1.5)


def measure_inspect(tool, folder, repetitions):
    many = folder / "many.safetensors"
    for figure, path in (("inspect the BERT-large bundle", folder / "bert_large"), ("inspect 50,000 tensors (7 MB header)", many)):
        runs = [run([tool, "inspect", path]) for _ in range(max(5, repetitions))]
        walls = [wall for wall, _ in runs]
        yield Row(figure, seconds(walls), "", "", "<= 0.1 s", min(walls) <= 0.1, f"peak {max(peak for _, peak in runs) / MEGABYTE:.0f} MB")
    for peer, reader in (("json.loads", "json"), ("the safetensors package", "safetensors")):
        if not have(reader):
            yield skipped(f"  {peer} on the same header", reader)
            continue
        theirs = printed_seconds([sys.executable, HERE / "peer_header.py", reader, many, max(5, repetitions)])
        yield Row("  its header alone, nothing printed", "", f"{peer} {seconds(theirs)}", f"{min(walls) / min(theirs):.2f}x")


def measure_forward(tool, repetitions):
    """BERT-base f32, two threads, in turns with PyTorch."""
    with_torch = have("torch", "transformers")
    for batch, count in ((1, 10), (8, 3)):
        ours, theirs = [], []
        for _ in range(max(2, repetitions // 2)):
            ours += printed_seconds([tool, "bench-forward", "--batch", batch, "--length", 128, "--repetitions", count])
            if with_torch:
                theirs += printed_seconds([sys.executable, HERE / "peer_torch.py", batch, 128, count])
        figure = f"BERT-base forward {batch}x128"
        if not theirs:
            yield skipped(figure, "torch, transformers")
            continue
        ratio = min(ours) / min(theirs)
        yield Row(figure, seconds(ours), f"PyTorch {seconds(theirs)}", f"{ratio:.2f}x", "<= 1.0x", ratio <= 1.0)


def print_table(rows):
    head = ["figure", "measured", "peer", "ratio", "target", "", "note"]
    cells = [head] + [row.cells() for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def main():
    parser = argparse.ArgumentParser(description="Measures weightsmith against its peers on this machine.")
    parser.add_argument("tool")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--only", default="convert,inspect,matrix,quantize,forward,tokenize")
    parser.add_argument("--json", type=pathlib.Path, help="write the table there too")
    options = parser.parse_args()
    chosen = options.only.split(",")
    rows = []
    if "inspect" in chosen:
        rows += measure_inspect(options.tool, options.folder, options.repetitions)
    if "convert" in chosen:
        rows += measure_convert(options.tool, options.folder, options.repetitions)
    if "matrix" in chosen:
        rows += matrix.measure(options.tool, options.folder, options.repetitions)
    if "quantize" in chosen:
        rows += quantize.measure(options.tool, options.folder, options.repetitions)
    if "forward" in chosen:
        rows += measure_forward(options.tool, options.repetitions)
    if "tokenize" in chosen:
        rows += tokenizing.measure(options.tool, options.folder, options.repetitions)
    print_table(rows)
    if options.json:
        options.json.write_text(json.dumps([row.cells() for row in rows], indent=1) + "\n")
    return 0 if all(row.holds is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
