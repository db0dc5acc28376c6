"""The encoder and the decoder of an effect-vae run as Keras layers, with trainable weights, on any backend of Keras 3.

    from model_keras import load          # pip install keras onnx numpy, and a backend: tensorflow, jax or torch
    encoder, decoder = load(".")
    mean, deviation = encoder(images)     # images [count, height, width, channels] in [0, 1]
    images = decoder(mean)                # a model that takes labels: decoder(codes, labels), labels int32

A layer executes the graph of its ONNX file (model_graph.py): every operator is one line below.
"""

import keras
import numpy as np
from keras import ops

from model_graph import Graph, load as load_with, numbers, sizes, slices, type_name


def gemm(a, b, c=None, transA=0, transB=0, alpha=1.0, beta=1.0):
    product = alpha * ops.matmul(ops.transpose(a) if transA else a, ops.transpose(b) if transB else b)
    return product if c is None else product + beta * c


def padded(x, pads, value=0.0):
    half = len(pads) // 2
    return ops.pad(x, [(pads[axis], pads[half + axis]) for axis in range(half)], constant_values=float(value))


def channels_last(x):
    return ops.transpose(x, (0, 2, 3, 1))


def channels_first(x):
    return ops.transpose(x, (0, 3, 1, 2))


def biased(x, bias):
    return x if bias is None else x + ops.reshape(bias, (1, -1, 1, 1))


def conv(x, kernel, bias=None, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1), group=1, kernel_shape=None):
    if group != 1:
        raise NotImplementedError(f"a convolution in {group} groups")
    x = channels_last(padded(x, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]]))
    kernel = ops.transpose(kernel, (2, 3, 1, 0))
    out = ops.conv(x, kernel, tuple(strides), "valid", "channels_last", tuple(dilations))
    return biased(channels_first(out), bias)


def spread(x, axis, stride):
    """Zeros between the elements of an axis."""
    if stride == 1:
        return x
    x = ops.expand_dims(x, axis + 1)
    x = ops.concatenate([x] + [ops.zeros_like(x)] * (stride - 1), axis + 1)
    shape = list(x.shape)
    x = ops.reshape(x, shape[:axis] + [shape[axis] * stride] + shape[axis + 2 :])
    return ops.take(x, np.arange(shape[axis] * stride - stride + 1), axis)


def conv_transpose(
    x,
    kernel,
    bias=None,
    strides=(1, 1),
    pads=(0, 0, 0, 0),
    dilations=(1, 1),
    group=1,
    kernel_shape=None,
    output_padding=(0, 0),
):
    if group != 1:
        raise NotImplementedError(f"a transposed convolution in {group} groups")
    # A convolution of the spread input with the kernel turned around.
    x = spread(spread(x, 2, strides[0]), 3, strides[1])
    rows, columns = ((kernel.shape[2 + axis] - 1) * dilations[axis] for axis in (0, 1))
    x = padded(x, [0, 0, rows, columns, 0, 0, rows + output_padding[0], columns + output_padding[1]])
    kernel = ops.transpose(ops.flip(kernel, (2, 3)), (2, 3, 0, 1))
    out = channels_first(ops.conv(channels_last(x), kernel, 1, "valid", "channels_last", tuple(dilations)))
    return biased(out[:, :, pads[0] : out.shape[2] - pads[2], pads[1] : out.shape[3] - pads[3]], bias)


def max_pool(x, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0)):
    x = padded(x, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]], -float("inf"))
    return channels_first(ops.max_pool(channels_last(x), tuple(kernel_shape), tuple(strides), "valid", "channels_last"))


def average_pool(x, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0), count_include_pad=0):
    def means(values):
        values = channels_last(padded(values, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]]))
        return channels_first(ops.average_pool(values, tuple(kernel_shape), tuple(strides), "valid", "channels_last"))

    return means(x) if count_include_pad else means(x) / means(ops.ones_like(x))


def reduce_sum(x, axes, keepdims=1):
    return ops.sum(x, tuple(numbers(axes)), bool(keepdims))


def pick(x, *ranges):
    for axis, chosen in slices(x, *ranges):
        x = ops.take(x, np.array(chosen, dtype="int32"), axis)
    return x


OPERATORS = {
    "Abs": ops.abs,
    "Add": ops.add,
    "And": ops.logical_and,
    "AveragePool": average_pool,
    "Cast": lambda x, to: ops.cast(x, type_name(to)),
    "Concat": lambda *xs, axis: ops.concatenate(xs, axis),
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "Div": ops.divide,
    "Equal": ops.equal,
    "Exp": ops.exp,
    "Expand": lambda x, shape: x * ops.ones(numbers(shape), dtype=x.dtype),
    "Floor": ops.floor,
    "Gather": lambda x, at, axis=0: ops.take(x, at, axis),
    "Gemm": gemm,
    "Greater": ops.greater,
    "IsInf": ops.isinf,
    "IsNaN": ops.isnan,
    "Less": ops.less,
    "Log": ops.log,
    "MatMul": ops.matmul,
    "Max": ops.maximum,
    "MaxPool": max_pool,
    "Min": ops.minimum,
    "Mul": ops.multiply,
    "Neg": ops.negative,
    "Not": ops.logical_not,
    "Or": ops.logical_or,
    "Pad": lambda x, pads, value=0.0: padded(x, numbers(pads), value),
    "Pow": ops.power,
    "Reciprocal": ops.reciprocal,
    "ReduceSum": reduce_sum,
    "Relu": ops.relu,
    "Reshape": lambda x, shape, allowzero=0: ops.reshape(x, sizes(x, shape, allowzero)),
    "Shape": lambda x, start=0, end=None: np.array(x.shape[start:end], dtype="int64"),
    "Sigmoid": ops.sigmoid,
    "Sign": ops.sign,
    "Slice": pick,
    "Softmax": lambda x, axis=-1: ops.softmax(x, axis),
    "Sqrt": ops.sqrt,
    "Sub": ops.subtract,
    "Tanh": ops.tanh,
    "Tile": lambda x, repeats: ops.tile(x, numbers(repeats)),
    "Transpose": lambda x, perm: ops.transpose(x, perm),
    "Where": ops.where,
}


class Network(keras.layers.Layer):
    """The graph of an ONNX file. Its float32 arrays are weights, in the file's order."""

    def __init__(self, path):
        super().__init__()
        self.graph = Graph(path, OPERATORS)
        self.constants = {}
        for place, (name, values) in enumerate(self.graph.constants.items()):
            self.constants[name] = values
            if values.dtype == np.float32 and values.ndim > 0:
                weight = self.add_weight(shape=values.shape, initializer="zeros", name=f"constant_{place}")
                weight.assign(values)
                self.constants[name] = weight

    def call(self, *inputs):
        return self.graph.run(self.constants, inputs)


def load(folder="."):
    """The encoder and the decoder of an exported folder."""
    return load_with(Network, folder)
