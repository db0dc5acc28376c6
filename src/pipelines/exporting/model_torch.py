"""The encoder and the decoder of an effect-vae run as PyTorch modules, with trainable parameters.

    from model_torch import load          # pip install torch onnx numpy
    encoder, decoder = load(".")
    mean, deviation = encoder(images)     # images [count, height, width, channels] in [0, 1]
    images = decoder(mean)                # a model that takes labels: decoder(codes, labels), labels int32

A module executes the graph of its ONNX file (model_graph.py): every operator is one line below.
"""

import torch

from model_graph import Graph, load as load_with, numbers, sizes, slices, type_name


def gemm(a, b, c=None, transA=0, transB=0, alpha=1.0, beta=1.0):
    product = alpha * (a.T if transA else a) @ (b.T if transB else b)
    return product if c is None else product + beta * c


def padded(x, pads, value=0.0):
    half = len(pads) // 2
    pairs = [amount for axis in reversed(range(half)) for amount in (pads[axis], pads[half + axis])]
    return torch.nn.functional.pad(x, pairs, value=float(value))


def conv(x, kernel, bias=None, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1), group=1, kernel_shape=None):
    x = padded(x, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]])
    return torch.nn.functional.conv2d(x, kernel, bias, tuple(strides), 0, tuple(dilations), group)


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
    out = torch.nn.functional.conv_transpose2d(x, kernel, bias, tuple(strides), 0, (0, 0), group, tuple(dilations))
    out = torch.nn.functional.pad(out, (0, output_padding[1], 0, output_padding[0]))
    return out[:, :, pads[0] : out.shape[2] - pads[2], pads[1] : out.shape[3] - pads[3]]


def max_pool(x, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0)):
    x = padded(x, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]], -float("inf"))
    return torch.nn.functional.max_pool2d(x, tuple(kernel_shape), tuple(strides))


def average_pool(x, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0), count_include_pad=0):
    def means(values):
        values = padded(values, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]])
        return torch.nn.functional.avg_pool2d(values, tuple(kernel_shape), tuple(strides))

    return means(x) if count_include_pad else means(x) / means(torch.ones_like(x))


def reduce_sum(x, axes, keepdims=1):
    return x.sum(dim=numbers(axes), keepdim=bool(keepdims))


def pick(x, *ranges):
    for axis, chosen in slices(x, *ranges):
        x = x.index_select(axis, torch.tensor(chosen, device=x.device))
    return x


OPERATORS = {
    "Abs": torch.abs,
    "Add": torch.add,
    "And": torch.logical_and,
    "AveragePool": average_pool,
    "Cast": lambda x, to: x.to(getattr(torch, type_name(to))),
    "Concat": lambda *xs, axis: torch.cat(xs, axis),
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "Div": torch.div,
    "Equal": torch.eq,
    "Exp": torch.exp,
    "Expand": lambda x, shape: x * torch.ones(numbers(shape), dtype=x.dtype, device=x.device),
    "Floor": torch.floor,
    "Gather": lambda x, at, axis=0: x.index_select(axis, at.reshape(-1).long()).reshape(
        *x.shape[:axis], *at.shape, *x.shape[axis + 1 :]
    ),
    "Gemm": gemm,
    "Greater": torch.gt,
    "IsInf": torch.isinf,
    "IsNaN": torch.isnan,
    "Less": torch.lt,
    "Log": torch.log,
    "MatMul": torch.matmul,
    "Max": torch.maximum,
    "MaxPool": max_pool,
    "Min": torch.minimum,
    "Mul": torch.mul,
    "Neg": torch.neg,
    "Not": torch.logical_not,
    "Or": torch.logical_or,
    "Pad": lambda x, pads, value=0.0: padded(x, numbers(pads), value),
    "Pow": torch.pow,
    "Reciprocal": torch.reciprocal,
    "ReduceSum": reduce_sum,
    "Relu": torch.relu,
    "Reshape": lambda x, shape, allowzero=0: x.reshape(sizes(x, shape, allowzero)),
    "Shape": lambda x, start=0, end=None: torch.tensor(x.shape[start:end], dtype=torch.int64),
    "Sigmoid": torch.sigmoid,
    "Sign": torch.sign,
    "Slice": pick,
    "Softmax": lambda x, axis=-1: torch.softmax(x, axis),
    "Sqrt": torch.sqrt,
    "Sub": torch.sub,
    "Tanh": torch.tanh,
    "Tile": lambda x, repeats: x.repeat(numbers(repeats)),
    "Transpose": lambda x, perm: x.permute(*perm),
    "Where": torch.where,
}


class Network(torch.nn.Module):
    """The graph of an ONNX file. Its float32 arrays are parameters, in the file's order."""

    def __init__(self, path):
        super().__init__()
        self.graph = Graph(path, OPERATORS)
        self.places = {}
        for place, (name, array) in enumerate(self.graph.constants.items()):
            values = torch.from_numpy(array.copy())
            self.places[name] = f"constant_{place}"
            if values.is_floating_point() and values.dim() > 0:
                self.register_parameter(self.places[name], torch.nn.Parameter(values))
            else:
                self.register_buffer(self.places[name], values)

    def forward(self, *inputs):
        return self.graph.run({name: getattr(self, place) for name, place in self.places.items()}, inputs)


def load(folder="."):
    """The encoder and the decoder of an exported folder."""
    return load_with(Network, folder)
