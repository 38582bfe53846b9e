"""Tokenizers judged by their originals on random hard texts: Hugging Face's tokenizers for every tokenizer.json, the sentencepiece package for every
SentencePiece model. Ids and, where the original tells them one by one, the places of the text that each
covers must be the same.

    WEIGHTSMITH=... python texts.py [TOKENIZER.json ...]
"""
import importlib.util
import json
import pathlib
import random
import subprocess
import sys

from checks import ROOT, TOOL, Failure, Score

COUNT = 400
# Code points of every kind that tokenizers treat in their own way; line ends are left out, since a line is a text.
POOLS = [
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789,.-+", " \t\u00a0\u2009\u3000", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "äöüßéèñçøåÀÉÎÕÜŁžİıſ", "\u0300\u0301\u0327\u0323\u0308\u200d\u200b\u200e\ufe0f\u00ad", "日本語中文字漢한국어ひらがなカタカナ", "αβγΣςωДжюЯ",
    "אבגدهوहिन्दीไทย", "ﬁﬂ½²③Ａｂ１㍿℃ÅΩ", "😀👩👧🏽🇩🇪❤", "\u0000\u0007\ufffd\ufeff\ue000\U000f0000\u2028\u2029\u0085", "▁Ġ#<>[]",
]
WORDS = ["the", "quick", "brown", "unaffordable", "can't", "we'll", "[MASK]", "[CLS]", "<mask>", "</s>", "2,345", "3,", "naïve", "résumé", "##ing", "don't"]


def texts(seed):
    """Half words with something between, half letters from a few pools."""
    draw = random.Random(seed)
    for _ in range(COUNT):
        pools = draw.sample(POOLS, draw.randint(1, 4))
        letters = "".join(draw.choice(draw.choice(pools)) for _ in range(draw.randint(0, 40)))
        if draw.random() < 0.5:
            letters = "".join(draw.choice([draw.choice(WORDS), draw.choice(letters or " "), " "]) for _ in range(draw.randint(1, 20)))
        yield letters.replace("\n", " ").replace("\r", " ")


def ours(path, lines, *options):
    done = subprocess.run([TOOL, "tokenize", str(path), "-", "--json", *options], input="".join(line + "\n" for line in lines).encode(),
                          capture_output=True, check=False)
    if done.returncode:
        raise Failure(done.stderr.decode().strip())
    return [json.loads(line) for line in done.stdout.decode().split("\n") if line]


def compare(lines, found, wanted, places):
    if len(found) != len(lines):
        raise Failure(f"{len(found)} answers to {len(lines)} texts")
    for text, mine, (ids, offsets) in zip(lines, found, wanted):
        if mine["ids"] != ids:
            raise Failure(f"{text!r}: {mine['ids']}, the original {ids}")
        if places and [tuple(place) for place in mine["offsets"]] != [tuple(place) for place in offsets]:
            raise Failure(f"{text!r}: covers {mine['offsets']}, the original {offsets}")
    return f"{len(lines)} texts, {sum(len(ids) for ids, _ in wanted)} tokens"


def tokenizer_json(path, seed):
    from tokenizers import Tokenizer
    theirs = Tokenizer.from_file(str(path))
    theirs.no_padding()
    theirs.no_truncation()
    lines = list(texts(seed))
    encodings = [theirs.encode(line) for line in lines]
    # A run of unknown characters is one place to its Unigram, even byte by byte; ours are told apart.
    places = json.loads(path.read_text())["model"].get("type") != "Unigram"
    return compare(lines, ours(path, lines), [(e.ids, e.offsets) for e in encodings], places)


def sentencepiece_model(path, seed):
    from sentencepiece import SentencePieceProcessor
    theirs = SentencePieceProcessor(model_file=str(path))
    lines = [line.replace("\0", "") for line in texts(seed)]
    return compare(lines, ours(path, lines, "--bare", "--family", "sentencepiece"), [(theirs.encode(line), None) for line in lines], places=False)


JUDGES = [("*tokenizer.json", "tokenizers", tokenizer_json), ("*.model", "sentencepiece", sentencepiece_model)]


def check(score, files=()):
    data = ROOT / "Fixtures" / "data"
    for pattern, package, judge in JUDGES:
        chosen = [path for path in map(pathlib.Path, files) if path.match(pattern)] if files else sorted(data.rglob(pattern))
        if importlib.util.find_spec(package) is None:
            print(f"skip   texts through {package}: it is not installed")
            continue
        for seed, path in enumerate(chosen):
            shown = path.relative_to(data) if path.is_relative_to(data) else path.name
            score.check(f"{shown}: random texts as {package} cuts them", lambda: judge(path, seed))


def main():
    score = Score()
    check(score, sys.argv[1:])
    print(f"{len(score.rows)} checks, {score.failures} failed")
    return 1 if score.failures else 0


if __name__ == "__main__":
    sys.exit(main())
