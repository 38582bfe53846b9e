"""The peer of the encoder benchmark: PyTorch's BertModel (base, random weights, f32) on 2 threads.

Prints one line per shape: batch, sequence, and the best and the median seconds of a forward pass. Run it in turns with
the Swift side on a quiet machine and compare ratios, never single runs.
"""
import argparse
import statistics
import time

import torch
from transformers import BertConfig, BertModel

options = argparse.ArgumentParser()
options.add_argument("--threads", type=int, default=2)
options.add_argument("--repetitions", type=int, default=10)
options.add_argument("--shapes", default="1x128,8x128", help="batch x sequence, separated by commas")
options = options.parse_args()

torch.set_num_threads(options.threads)
torch.manual_seed(0)
model = BertModel(BertConfig()).eval()
with torch.inference_mode():
    for shape in options.shapes.split(","):
        batch, sequence = (int(part) for part in shape.split("x"))
        ids = torch.randint(0, model.config.vocab_size, (batch, sequence))
        mask = torch.ones_like(ids)
        model(ids, attention_mask=mask)
        times = []
        for _ in range(options.repetitions):
            start = time.perf_counter()
            model(ids, attention_mask=mask)
            times.append(time.perf_counter() - start)
        print(f"{batch}x{sequence} best {min(times):.4f} s median {statistics.median(times):.4f} s", flush=True)
