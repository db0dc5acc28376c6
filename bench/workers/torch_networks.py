"""The bench's networks and losses in PyTorch; kernels are converted from TensorFlow's layout."""
import math

import torch
from torch import nn
from torch.nn import functional as F


class DenseVae(nn.Module):
    def __init__(self, hidden, latent, activation):
        super().__init__()
        sizes = [784, *hidden]
        pairs = list(zip(sizes, sizes[1:]))
        self.encoder = nn.Sequential(*(part for i, o in pairs for part in (nn.Linear(i, o), activation())))
        self.mean, self.log_variance = nn.Linear(sizes[-1], latent), nn.Linear(sizes[-1], latent)
        backwards = [latent, *reversed(hidden)]
        pairs = list(zip(backwards, backwards[1:]))
        self.decoder = nn.Sequential(
            *(part for i, o in pairs for part in (nn.Linear(i, o), activation())), nn.Linear(sizes[1], 784)
        )

    def load(self, parameters):
        named = {"encoder/mean": self.mean, "encoder/log-variance": self.log_variance}
        layers = [part for part in self.encoder if isinstance(part, nn.Linear)]
        named |= {f"encoder/dense{index}": layer for index, layer in enumerate(layers, 1)}
        *layers, output = [part for part in self.decoder if isinstance(part, nn.Linear)]
        named |= {f"decoder/dense{index}": layer for index, layer in enumerate(layers, 1)}
        named["decoder/output"] = output
        with torch.no_grad():
            for name, layer in named.items():
                layer.weight.copy_(torch.tensor(parameters[f"{name}/kernel"].T))
                layer.bias.copy_(torch.tensor(parameters[f"{name}/bias"]))

    def encode(self, x):
        hidden = self.encoder(x)
        return self.mean(hidden), self.log_variance(hidden)


def negative_elbo(vae, x, noise):
    """`[batch]`, in nats."""
    mean, log_variance = vae.encode(x)
    logits = vae.decoder(mean + torch.exp(0.5 * log_variance) * noise)
    reconstruction = (F.softplus(logits) - x * logits).sum(1)
    return reconstruction + 0.5 * (mean.square() + torch.expm1(log_variance) - log_variance).sum(1)


def importance_weighted(samples):
    def loss(vae, x, noise):
        """`[batch]`, in nats, for noise `[batch, samples * latent]`."""
        mean, log_variance = vae.encode(x)
        noise = noise.view(len(x), samples, -1)
        codes = mean[:, None] + torch.exp(0.5 * log_variance)[:, None] * noise
        logits = vae.decoder(codes)
        log_likelihood = (x[:, None] * logits - F.softplus(logits)).sum(2)
        # log p(z) - log q(z | x): the constants are equal.
        log_ratio = 0.5 * (noise.square() + log_variance[:, None] - codes.square()).sum(2)
        return math.log(samples) - torch.logsumexp(log_likelihood + log_ratio, 1)

    return loss


class SimpleVae(nn.Module):
    """SimpleVAE's network, for images that are turned by 180 degrees.

    At a stride of 2, TensorFlow's transposed convolution pads the other side than PyTorch's. Turned images and turned
    kernels make the same network of PyTorch's own layers.
    """

    def __init__(self):
        super().__init__()
        relu = nn.ReLU
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), relu(), nn.Conv2d(8, 8, 3, padding=1), relu(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), relu(), nn.Conv2d(16, 16, 3, padding=1), relu(), nn.Flatten(),
            nn.Linear(3136, 8), relu(), nn.Linear(8, 2),
        )
        self.decoder = nn.Sequential(
            nn.Linear(2, 8), relu(), nn.Linear(8, 3136), relu(), nn.Unflatten(1, (16, 14, 14)),
            nn.ConvTranspose2d(16, 16, 3, padding=1), relu(),
            nn.ConvTranspose2d(16, 16, 3, stride=2, padding=1, output_padding=1), relu(),
            nn.ConvTranspose2d(16, 8, 3, padding=1), relu(), nn.ConvTranspose2d(8, 8, 3, padding=1), relu(),
            nn.ConvTranspose2d(8, 1, 3, padding=1), nn.Sigmoid(),
        )

    def load(self, parameters):
        kinds = {nn.Conv2d: "convolution", nn.ConvTranspose2d: "transposedConvolution", nn.Linear: "dense"}
        for side, network in (("encoder", self.encoder), ("decoder", self.decoder)):
            seen = dict.fromkeys(kinds.values(), 0)
            for layer in network:
                if type(layer) not in kinds:
                    continue
                kind = kinds[type(layer)]
                seen[kind] += 1
                name = "encoder/mean" if (side, kind, seen[kind]) == ("encoder", "dense", 2) else f"{side}/{kind}{seen[kind]}"
                kernel, bias = torch.tensor(parameters[f"{name}/kernel"]), torch.tensor(parameters[f"{name}/bias"])
                if kind != "dense":
                    # [height, width, in, out], or [height, width, out, in] of a transposed one.
                    kernel = kernel.flip(0, 1).permute(3, 2, 0, 1)
                elif kernel.shape[0] == 3136:
                    kernel = kernel.view(14, 14, 16, -1).flip(0, 1).permute(3, 2, 0, 1).reshape(-1, 3136)
                elif kernel.shape[1] == 3136:
                    kernel = kernel.view(-1, 14, 14, 16).flip(1, 2).permute(3, 1, 2, 0).reshape(3136, -1)
                    bias = bias.view(14, 14, 16).flip(0, 1).permute(2, 0, 1).flatten()
                else:
                    kernel = kernel.T
                with torch.no_grad():
                    layer.weight.copy_(kernel)
                    layer.bias.copy_(bias)


def simple_vae_loss(vae, x, noise):
    """`[batch]`: `(784 mean squared error + mean(code²)) / 2`."""
    codes = vae.encoder(x)
    error = (vae.decoder(codes + 0.5 * noise) - x).square().sum((1, 2, 3))
    return 0.5 * (error + codes.square().mean(1))


def build(program):
    """The network, its loss per example, and whether its input is images instead of vectors."""
    match program:
        case "dense":
            return DenseVae([512, 256], 2, nn.ReLU), negative_elbo, False
        case "importance-weighted":
            return DenseVae([200, 200], 50, nn.Tanh), importance_weighted(5), False
        case "convolutional":
            return SimpleVae(), simple_vae_loss, True
