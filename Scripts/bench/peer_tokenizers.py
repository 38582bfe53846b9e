"""Hugging Face's tokenizers on one thread: python peer_tokenizers.py TOKENIZER.json TEXT [IDS]. Prints the processor's seconds of reading the tokenizer, of
encoding line by line and of encoding all lines at once, as JSON; each the best of three. IDS gets a line of ids for each line."""
import json
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

from tokenizers import Tokenizer


def timed(work):
    begin = time.process_time()
    result = work()
    return time.process_time() - begin, result


def main():
    load, tokenizer = timed(lambda: Tokenizer.from_file(sys.argv[1]))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    with open(sys.argv[2], encoding="utf-8", newline="\n") as file:
        lines = file.read().split("\n")[:-1]
    one = min(timed(lambda: [tokenizer.encode(line).ids for line in lines])[0] for _ in range(3))
    batch = min(timed(lambda: [encoding.ids for encoding in tokenizer.encode_batch(lines)])[0] for _ in range(3))
    if len(sys.argv) > 3:
        with open(sys.argv[3], "w", encoding="utf-8") as file:
            file.writelines(" ".join(map(str, tokenizer.encode(line).ids)) + "\n" for line in lines)
    print(json.dumps({"load": load, "one": one, "batch": batch}))


main()
