"""The peer: BERT-base forward in PyTorch, random weights, two threads.

    python peer_torch.py BATCH LENGTH REPETITIONS        prints seconds, one per line
"""
import sys
import time

import torch
import transformers


def main():
    batch, length, repetitions = map(int, sys.argv[1:])
    torch.set_num_threads(2)
    torch.manual_seed(1)
    model = transformers.BertModel(transformers.BertConfig()).eval()
    ids = torch.randint(0, 30522, (batch, length))
    with torch.inference_mode():
        model(ids)
        for _ in range(repetitions):
            begin = time.perf_counter()
            model(ids)
            print(time.perf_counter() - begin, flush=True)


if __name__ == "__main__":
    main()
