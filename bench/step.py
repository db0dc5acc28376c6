"""Milliseconds of the step of bench/step.ts in eager PyTorch: the median of 150 steps, Adam plain and fused.

Run: python bench/step.py [threads] (needs torch)
"""
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

sizes = [784, 512, 256]
encoder = nn.Sequential(*(m for i, o in zip(sizes, sizes[1:]) for m in (nn.Linear(i, o), nn.ReLU())))
mean, log_variance = nn.Linear(256, 2), nn.Linear(256, 2)
decoder = nn.Sequential(nn.Linear(2, 256), nn.ReLU(), nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 784))
parameters = [p for m in (encoder, mean, log_variance, decoder) for p in m.parameters()]
images = torch.randint(0, 256, (60_000, 784), dtype=torch.uint8)


def step(optimizer, indices, noise):
    x = images[indices].float() / 255
    hidden = encoder(x)
    mu, lv = mean(hidden), log_variance(hidden)
    logits = decoder(mu + torch.exp(0.5 * lv) * noise)
    reconstruction = (F.softplus(logits) - x * logits).sum(1)
    kl = 0.5 * (mu.square() + torch.expm1(lv) - lv).sum(1)
    loss = (reconstruction + kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
optimizers = {
    "plain": torch.optim.Adam(parameters, lr=1e-3, foreach=False),
    "foreach": torch.optim.Adam(parameters, lr=1e-3),
    "fused": torch.optim.Adam(parameters, lr=1e-3, fused=True),
}
times = {name: [] for name in optimizers}
for round_ in range(4):
    for name, optimizer in optimizers.items():
        for _ in range(50):
            indices, noise = torch.randint(0, 60_000, (128,)), torch.randn(128, 2)
            start = time.perf_counter()
            step(optimizer, indices, noise)
            if round_ > 0:
                times[name].append(1000 * (time.perf_counter() - start))
for name, values in times.items():
    print(f"torch {torch.__version__} Adam {name:8} {sorted(values)[len(values) // 2]:.2f} ms a step")
