"""The bench's steps in JAX: one compiled function per step with donated buffers; optax's Adam, or the same without optax."""
import functools
import math

import jax
import numpy
from jax import lax
from jax import numpy as jnp

import worker

try:
    import optax
except ImportError:
    optax = None


class PlainAdam:
    """optax.adam for machines that have JAX alone."""

    def __init__(self, learning_rate, eps):
        self.learning_rate, self.eps = learning_rate, eps

    def init(self, parameters):
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        return jnp.zeros([], jnp.int32), zeros, jax.tree.map(jnp.zeros_like, parameters)

    def update(self, gradients, state):
        count, first, second = state[0] + 1, state[1], state[2]
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
        m_scale, v_scale = 1 / (1 - 0.9**count), 1 / (1 - 0.999**count)
        updates = jax.tree.map(
            lambda m, v: -self.learning_rate * m * m_scale / (jnp.sqrt(v * v_scale) + self.eps), first, second
        )
        return updates, (count, first, second)


def dense(p, name, x):
    return x @ p[f"{name}/kernel"] + p[f"{name}/bias"]


def dense_networks(p, activation):
    def encode(x):
        hidden = activation(dense(p, "encoder/dense2", activation(dense(p, "encoder/dense1", x))))
        return dense(p, "encoder/mean", hidden), dense(p, "encoder/log-variance", hidden)

    def decode(codes):
        hidden = activation(dense(p, "decoder/dense2", activation(dense(p, "decoder/dense1", codes))))
        return dense(p, "decoder/output", hidden)

    return encode, decode


def negative_elbo(p, x, noise):
    encode, decode = dense_networks(p, jax.nn.relu)
    mean, log_variance = encode(x)
    logits = decode(mean + jnp.exp(0.5 * log_variance) * noise)
    reconstruction = (jax.nn.softplus(logits) - x * logits).sum(1)
    return reconstruction + 0.5 * (mean**2 + jnp.expm1(log_variance) - log_variance).sum(1)


def importance_weighted(p, x, noise, samples=5):
    encode, decode = dense_networks(p, jnp.tanh)
    mean, log_variance = (head[:, None] for head in encode(x))
    noise = noise.reshape(len(x), samples, -1)
    codes = mean + jnp.exp(0.5 * log_variance) * noise
    logits = decode(codes)
    log_likelihood = (x[:, None] * logits - jax.nn.softplus(logits)).sum(2)
    # log p(z) - log q(z | x): the constants are equal.
    log_ratio = 0.5 * (noise**2 + log_variance - codes**2).sum(2)
    return math.log(samples) - jax.nn.logsumexp(log_likelihood + log_ratio, 1)


LAYOUT = ("NHWC", "HWIO", "NHWC")


def convolution(p, name, x):
    kernel, bias = p[f"{name}/kernel"], p[f"{name}/bias"]
    return jax.nn.relu(lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=LAYOUT) + bias)


def transposed(p, name, x, stride=1):
    kernel, bias = p[f"{name}/kernel"], p[f"{name}/bias"]
    strides = (stride, stride)
    return lax.conv_transpose(x, kernel, strides, "SAME", dimension_numbers=LAYOUT, transpose_kernel=True) + bias


def simple_vae(p, x, noise):
    hidden = convolution(p, "encoder/convolution2", convolution(p, "encoder/convolution1", x))
    hidden = lax.reduce_window(hidden, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    hidden = convolution(p, "encoder/convolution4", convolution(p, "encoder/convolution3", hidden))
    hidden = jax.nn.relu(dense(p, "encoder/dense1", hidden.reshape(len(x), -1)))
    codes = dense(p, "encoder/mean", hidden)
    hidden = jax.nn.relu(dense(p, "decoder/dense1", codes + 0.5 * noise))
    hidden = jax.nn.relu(dense(p, "decoder/dense2", hidden)).reshape(-1, 14, 14, 16)
    for index in (1, 2, 3, 4):
        hidden = jax.nn.relu(transposed(p, f"decoder/transposedConvolution{index}", hidden, 2 if index == 2 else 1))
    reconstructed = jax.nn.sigmoid(transposed(p, "decoder/transposedConvolution5", hidden))
    error = ((reconstructed - x) ** 2).sum((1, 2, 3))
    return 0.5 * (error + (codes**2).mean(1))


EXAMPLE_LOSSES = {"dense": negative_elbo, "importance-weighted": importance_weighted, "convolutional": simple_vae}


class Subject:
    def __init__(self, program, learning_rate, parameters, train, test):
        shape = (28, 28, 1) if program == "convolutional" else (784,)
        self.train, self.test = (jnp.asarray(images.reshape(-1, *shape)) for images in (train, test))
        self.parameters = {name: jnp.array(value) for name, value in parameters.items()}
        optimizer = (optax.adam if optax else PlainAdam)(learning_rate, eps=1e-8)
        self.state = optimizer.init(self.parameters)

        def losses(parameters, images, indices, noise):
            return EXAMPLE_LOSSES[program](parameters, images[indices].astype(jnp.float32) / 255, noise)

        @functools.partial(jax.jit, donate_argnums=(0, 1))
        def step(parameters, state, images, indices, noise):
            loss, gradients = jax.value_and_grad(lambda p: losses(p, images, indices, noise).mean())(parameters)
            updates, state = optimizer.update(gradients, state)
            return jax.tree.map(jnp.add, parameters, updates), state, loss

        self.compiled = step
        self.total = jax.jit(lambda *arguments: losses(*arguments).sum())

    def step(self, indices, noise):
        self.parameters, self.state, loss = self.compiled(self.parameters, self.state, self.train, indices, noise)
        return float(loss)

    def evaluate(self, rows, noise):
        indices = numpy.arange(rows.start, rows.stop, dtype=numpy.int32)
        return float(self.total(self.parameters, self.test, indices, noise))


adam = optax.__version__ if optax else "none"
worker.serve({"jax": jax.__version__, "optax": adam, "numpy": numpy.__version__}, Subject)
