"""What bench/experiment.ts does, in PyTorch: reads the images, trains, evaluates the test images after each epoch and at
the end, and writes a summary. Run: python whole_run.py eager|compiled FILE EPOCHS SUMMARY
"""
import json
import os
import pathlib
import sys

import numpy
import torch

sys.path.append(str(pathlib.Path(__file__).parent / "workers"))
from torch_networks import DenseVae, negative_elbo  # noqa: E402

way, file, epochs, summary = sys.argv[1:]
torch.set_num_threads(int(os.environ["BENCH_THREADS"]))
torch.manual_seed(1)
generator = torch.Generator().manual_seed(1)
images = torch.from_numpy(numpy.load(file)).view(-1, 784)
test, train = images[-10_000:], images[:-10_000]

vae = DenseVae([512, 256], 2, torch.nn.ReLU)
for layer in vae.modules():
    if isinstance(layer, torch.nn.Linear):
        torch.nn.init.xavier_uniform_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
optimizer = torch.optim.Adam(vae.parameters(), lr=1e-3, fused=way == "compiled" or None)


def losses(images, noise):
    return negative_elbo(vae, images.float() / 255, noise)


if way == "compiled":
    losses = torch.compile(losses)


def test_loss():
    noise = torch.randn(len(test), 2, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        chunks = zip(test.split(500), noise.split(500))
        return sum(losses(chunk, noise).sum().item() for chunk, noise in chunks) / len(test)


history = []
for epoch in range(int(epochs)):
    total = 0.0
    for indices in torch.randperm(len(train), generator=generator).split(128):
        loss = losses(train[indices], torch.randn(len(indices), 2, generator=generator)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(indices)
    history.append({"epoch": epoch + 1, "train": total / len(train), "test": test_loss()})
pathlib.Path(summary).write_text(json.dumps({"history": history, "test": test_loss()}))
