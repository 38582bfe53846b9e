"""What each way to quantize a sentence model costs: size, sentence vectors against transformers' own, the last layer, time.

    python sentences.py TOOL MODEL WORK [--only GLOB]

MODEL is a BERT folder for sentence vectors (all-MiniLM-L6-v2); the text is Python's own help, one part to calibrate on and another to
judge. Prints a table in Markdown. Needs torch, transformers and numpy.
"""
import argparse
import fnmatch
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from pydoc_data import topics

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

from rows import ROWS

def sequences(tokenizer, first, count, length):
    text = " ".join(" ".join(topics.topics[name].split()) for name in sorted(topics.topics)[first::2])
    ids = tokenizer(text, add_special_tokens=False)["input_ids"][: count * length]
    start, end = tokenizer.cls_token_id, tokenizer.sep_token_id
    return [[start] + ids[i : i + length] + [end] for i in range(0, len(ids), length)]


def pooled(rows):
    mean = rows.mean(axis=1)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def run(tool, folder, judged):
    out = subprocess.run([tool, "run", folder, "--calibration", judged, "--layers", "--json"], check=True, capture_output=True)
    taps = {tap["name"]: tap for tap in json.loads(out.stdout)}
    last = [name for name in taps if name.startswith("layers.")][-1]
    return np.array(taps[last]["values"], np.float64).reshape(taps[last]["shape"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("model")
    parser.add_argument("work", type=Path)
    parser.add_argument("--only", default="*")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    calibration, judged = options.work / "calibration.json", options.work / "judged.json"
    few = options.work / "few.json"
    all_rows = sequences(tokenizer, 0, 64, 62)
    calibration.write_text(json.dumps(all_rows))
    # A budget runs the whole model for every matrix and encoding.
    few.write_text(json.dumps(all_rows[:8]))
    rows = sequences(tokenizer, 1, 16, 62)
    judged.write_text(json.dumps(rows))
    with torch.no_grad():
        truth = AutoModel.from_pretrained(options.model)(torch.tensor(rows)).last_hidden_state.double().numpy()
    print("| scheme | bytes | cosine, sentence vector (mean) | least | max abs, last layer | seconds |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, arguments in [("f32", None)] + ROWS:
        if not fnmatch.fnmatch(name, options.only):
            continue
        target, size, seconds = options.model, "90,872,064", ""
        if arguments:
            target = str(options.work / "quantized")
            shutil.rmtree(target, ignore_errors=True)
            if arguments[-1] == "--calibration":
                arguments = arguments + [str(few if "--budget" in arguments else calibration)]
            start = time.monotonic()
            made = subprocess.run([options.tool, "quantize", options.model, target, "--json"] + arguments, capture_output=True, text=True)
            seconds = f"{time.monotonic() - start:.1f}"
            if made.returncode:
                print(f"| {name} | {made.stderr.strip()} |", flush=True)
                continue
            size = f"{json.loads(made.stdout)['bytes']:,}"
        found = run(options.tool, target, str(judged))
        cosines = (pooled(truth) * pooled(found)).sum(axis=1)
        error = np.abs(truth - found).max()
        print(f"| `{name}` | {size} | {cosines.mean():.6f} | {cosines.min():.6f} | {error:.1e} | {seconds} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
