"""Milliseconds of the step of bench/convolution.ts in eager PyTorch: the median of several steps.

Run: python bench/convolution.py [threads] (needs torch)
"""
import sys
import time

import torch
from torch import nn

relu = nn.ReLU
encoder = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), relu(), nn.Conv2d(8, 8, 3, padding=1), relu(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1), relu(), nn.Conv2d(16, 16, 3, padding=1), relu(), nn.Flatten(),
    nn.Linear(3136, 8), relu(), nn.Linear(8, 2),
)
decoder = nn.Sequential(
    nn.Linear(2, 8), relu(), nn.Linear(8, 3136), relu(), nn.Unflatten(1, (16, 14, 14)),
    nn.ConvTranspose2d(16, 16, 3, padding=1), relu(),
    nn.ConvTranspose2d(16, 16, 3, stride=2, padding=1, output_padding=1), relu(),
    nn.ConvTranspose2d(16, 8, 3, padding=1), relu(), nn.ConvTranspose2d(8, 8, 3, padding=1), relu(),
    nn.ConvTranspose2d(8, 1, 3, padding=1), nn.Sigmoid(),
)
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3)


def step(x, noise):
    codes = encoder(x)
    loss = (784 * (decoder(codes + 0.5 * noise) - x).square().mean() + codes.square().mean()) / 2
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
for batch, steps in ((128, 21), (1000, 7)):
    x = torch.rand(batch, 1, 28, 28)
    x = torch.where(x < 0.8, 0.0, x)
    times = []
    for _ in range(steps):
        noise = torch.randn(batch, 2)
        start = time.perf_counter()
        loss = step(x, noise)
        times.append(1000 * (time.perf_counter() - start))
    # The first step warms up.
    times = sorted(times[1:])
    median = times[len(times) // 2]
    print(f"torch {torch.__version__} batch {batch}: {median:.0f} ms a step (fastest {times[0]:.0f}), loss {loss:.3f}")
