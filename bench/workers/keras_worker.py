"""The bench's steps in Keras 3 on TensorFlow. Run: python keras_worker.py graph|xla

The step is one `tf.function`, compiled by XLA or not; layers and Adam are Keras's.
"""
import math
import sys

import keras
import numpy
import tensorflow as tf
from keras import layers

import worker

xla = sys.argv[1] == "xla"


def named(name, layer):
    """Keras allows no slash in a layer's name, so the name is kept in an attribute."""
    layer.bench_name = name
    return layer


def dense_vae(hidden, latent, activation):
    def features(side, sizes):
        return [named(f"{side}/dense{i}", layers.Dense(size, activation)) for i, size in enumerate(sizes, 1)]

    encoder = keras.Sequential(features("encoder", hidden))
    mean, log_variance = (named(f"encoder/{head}", layers.Dense(latent)) for head in ("mean", "log-variance"))
    output = named("decoder/output", layers.Dense(784))
    decoder = keras.Sequential([*features("decoder", reversed(hidden)), output])
    return encoder, mean, log_variance, decoder


def negative_elbo(networks, x, noise):
    encoder, mean, log_variance, decoder = networks
    hidden = encoder(x)
    mean, log_variance = mean(hidden), log_variance(hidden)
    logits = decoder(mean + tf.exp(0.5 * log_variance) * noise)
    reconstruction = tf.reduce_sum(tf.math.softplus(logits) - x * logits, 1)
    return reconstruction + 0.5 * tf.reduce_sum(mean**2 + tf.math.expm1(log_variance) - log_variance, 1)


def importance_weighted(networks, x, noise, samples=5):
    encoder, mean, log_variance, decoder = networks
    hidden = encoder(x)
    mean, log_variance = mean(hidden)[:, None], log_variance(hidden)[:, None]
    noise = tf.reshape(noise, [x.shape[0], samples, -1])
    codes = mean + tf.exp(0.5 * log_variance) * noise
    logits = tf.reshape(decoder(tf.reshape(codes, [x.shape[0] * samples, -1])), [x.shape[0], samples, 784])
    log_likelihood = tf.reduce_sum(x[:, None] * logits - tf.math.softplus(logits), 2)
    # log p(z) - log q(z | x): the constants are equal.
    log_ratio = 0.5 * tf.reduce_sum(noise**2 + log_variance - codes**2, 2)
    return math.log(samples) - tf.reduce_logsumexp(log_likelihood + log_ratio, 1)


def simple_vae():
    def convolution(index, filters):
        return named(f"encoder/convolution{index}", layers.Conv2D(filters, 3, padding="same", activation="relu"))

    def transposed(index, filters, activation="relu", strides=1):
        layer = layers.Conv2DTranspose(filters, 3, strides=strides, padding="same", activation=activation)
        return named(f"decoder/transposedConvolution{index}", layer)

    encoder = keras.Sequential([
        convolution(1, 8), convolution(2, 8), layers.MaxPooling2D(), convolution(3, 16), convolution(4, 16),
        layers.Flatten(), named("encoder/dense1", layers.Dense(8, "relu")), named("encoder/mean", layers.Dense(2)),
    ])
    decoder = keras.Sequential([
        named("decoder/dense1", layers.Dense(8, "relu")), named("decoder/dense2", layers.Dense(3136, "relu")),
        layers.Reshape((14, 14, 16)), transposed(1, 16), transposed(2, 16, strides=2), transposed(3, 8),
        transposed(4, 8), transposed(5, 1, "sigmoid"),
    ])
    return encoder, decoder


def simple_vae_loss(networks, x, noise):
    encoder, decoder = networks
    codes = encoder(x)
    error = tf.reduce_sum((decoder(codes + 0.5 * noise) - x) ** 2, [1, 2, 3])
    return 0.5 * (error + tf.reduce_mean(codes**2, 1))


PROGRAMS = {
    "dense": (lambda: dense_vae([512, 256], 2, "relu"), negative_elbo, (784,)),
    "importance-weighted": (lambda: dense_vae([200, 200], 50, "tanh"), importance_weighted, (784,)),
    "convolutional": (simple_vae, simple_vae_loss, (28, 28, 1)),
}


class Subject:
    def __init__(self, program, learning_rate, parameters, train, test):
        make, example_loss, shape = PROGRAMS[program]
        self.train, self.test = (tf.constant(images.reshape(-1, *shape)) for images in (train, test))
        networks = make()
        # Layers have weights only after their first call.
        example_loss(networks, tf.zeros([1, *shape]), tf.zeros([1, 250 if program == "importance-weighted" else 2]))
        every = [layer for part in networks for layer in (part.layers if isinstance(part, keras.Sequential) else [part])]
        for layer in every:
            if hasattr(layer, "bench_name"):
                layer.set_weights([parameters[f"{layer.bench_name}/{kind}"] for kind in ("kernel", "bias")])
        variables = [variable for layer in every for variable in layer.trainable_variables]
        optimizer = keras.optimizers.Adam(learning_rate, epsilon=1e-8)
        optimizer.build(variables)

        def losses(images, indices, noise):
            return example_loss(networks, tf.cast(tf.gather(images, indices), tf.float32) / 255, noise)

        @tf.function(jit_compile=xla)
        def step(images, indices, noise):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(losses(images, indices, noise))
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
            return loss

        self.compiled = step
        self.total = tf.function(lambda *arguments: tf.reduce_sum(losses(*arguments)), jit_compile=xla)

    def step(self, indices, noise):
        return float(self.compiled(self.train, tf.constant(indices), tf.constant(noise)))

    def evaluate(self, rows, noise):
        return float(self.total(self.test, tf.range(rows.start, rows.stop), tf.constant(noise)))


tf.config.threading.set_intra_op_parallelism_threads(worker.THREADS)
tf.config.threading.set_inter_op_parallelism_threads(worker.THREADS)
worker.serve({"keras": keras.__version__, "tensorflow": tf.__version__, "numpy": numpy.__version__}, Subject)
