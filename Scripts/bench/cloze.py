"""How many of 120 cloze questions the trained fixtures still answer under each way to quantize, and the divergence of their answers.

    python cloze.py TOOL FIXTURES WORK

The first 40 questions calibrate; all are asked. Prints a table in Markdown. Needs nothing besides Python.
"""
import json
import shutil
import subprocess
import sys
from pathlib import Path

from rows import ROWS

tool, fixtures, work = sys.argv[1], Path(sys.argv[2]) / "trained", Path(sys.argv[3])
work.mkdir(parents=True, exist_ok=True)
cloze = fixtures / "cloze.json"
questions = json.loads(cloze.read_text())
models = ["tiny_albert", "tiny_bert"]
print("| scheme |" + "".join(f" {name}: bytes | right | kl |" for name in models))
print("| --- |" + " --- | --- | --- |" * len(models))
for name, arguments in ROWS:
    cells = []
    for model in models:
        calibration = work / f"{model}.json"
        calibration.write_text(json.dumps([row["ids"] for row in questions[model]["rows"][:40]]))
        source, target = fixtures / model / "hf", work / "quantized"
        shutil.rmtree(target, ignore_errors=True)
        more = [str(calibration)] if arguments[-1] == "--calibration" else []
        made = subprocess.run([tool, "quantize", source, target, "--json"] + arguments + more, capture_output=True, text=True)
        if made.returncode:
            cells.append(f"{made.stderr.strip().split(': ', 1)[1][:60]} | | ")
            continue
        shown = subprocess.run([tool, "verify", source, target, "--json", "--cloze", cloze, "--calibration", calibration], capture_output=True, text=True)
        report = json.loads(shown.stdout)
        divergence = max(layer["divergence"] for layer in report["logits"] if layer["name"].startswith("heads.mlm"))
        cells.append(f"{json.loads(made.stdout)['bytes']:,} | {report['cloze']['candidateRight']} | {divergence:.1e}")
    print(f"| `{name}` | " + " | ".join(cells) + " |", flush=True)
