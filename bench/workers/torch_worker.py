"""The bench's steps in PyTorch. Run: python torch_worker.py eager|compiled|graphs

Eager with Adam as it comes, or the loss compiled, with CUDA graphs or without, and Adam fused.
"""
import os
import sys
import time

import numpy
import torch

import worker
from torch_networks import build

compiled = sys.argv[1] != "eager"
mode = "reduce-overhead" if sys.argv[1] == "graphs" else None
# ROCm's devices have the same name in PyTorch.
device = "cpu" if os.environ.get("BENCH_DEVICE", "cpu") == "cpu" else "cuda"
# Float32's full precision, as the others have.
torch.backends.cudnn.allow_tf32 = False


class Subject:
    def __init__(self, program, learning_rate, parameters, train, test):
        self.vae, example_loss, pictures = build(program)
        self.vae.load(parameters)
        self.vae.to(device)
        self.train, self.test = (self.arranged(images, pictures) for images in (train, test))

        def losses(images, indices, noise):
            return example_loss(self.vae, images[indices].float() / 255, noise)

        self.losses = torch.compile(losses, dynamic=False, mode=mode) if compiled else losses
        # None selects Adam's default.
        self.optimizer = torch.optim.Adam(self.vae.parameters(), lr=learning_rate, eps=1e-8, fused=compiled or None)

    @staticmethod
    def arranged(images, pictures):
        images = torch.from_numpy(images).to(device)
        if not pictures:
            return images.view(len(images), 784)
        return images.view(len(images), 1, 28, 28).flip(2, 3).contiguous()

    def step(self, indices, noise):
        loss = self.losses(self.train, torch.from_numpy(indices).to(device), torch.from_numpy(noise).to(device)).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def evaluate(self, rows, noise):
        indices = torch.arange(rows.start, rows.stop, device=device)
        return self.losses(self.test, indices, torch.from_numpy(noise).to(device)).sum().item()


def multiply(products, repeats):
    def operand(rows, columns, transposed):
        matrix = torch.full((columns, rows) if transposed else (rows, columns), 0.5, device=device)
        return matrix.t() if transposed else matrix

    pairs = [
        (operand(p["rows"], p["inner"], p["transposeLeft"]), operand(p["inner"], p["columns"], p["transposeRight"]))
        for p in products
    ]
    results = [torch.mm(left, right) for left, right in pairs]
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    milliseconds = []
    for _ in range(repeats):
        wait()
        start = time.perf_counter()
        for (left, right), result in zip(pairs, results):
            torch.mm(left, right, out=result)
        wait()
        milliseconds.append(1000 * (time.perf_counter() - start))
    return milliseconds


torch.set_num_threads(worker.THREADS)
worker.serve({"torch": torch.__version__, "numpy": numpy.__version__}, Subject, multiply)
