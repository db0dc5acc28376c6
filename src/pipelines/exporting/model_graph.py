"""Reads the graph of an ONNX file and executes it: what model_torch.py and model_keras.py share."""

import pathlib

import numpy as np
import onnx
from onnx import numpy_helper

TYPES = {
    onnx.TensorProto.FLOAT: "float32",
    onnx.TensorProto.DOUBLE: "float64",
    onnx.TensorProto.INT32: "int32",
    onnx.TensorProto.INT64: "int64",
    onnx.TensorProto.UINT8: "uint8",
    onnx.TensorProto.BOOL: "bool",
}


def known(table, key, what):
    """The entry of a table; NotImplementedError names a missing one."""
    if key not in table:
        raise NotImplementedError(f"the {what} {key} is not implemented here")
    return table[key]


def type_name(code):
    return known(TYPES, code, "type")


def numbers(values):
    """Integers of a tensor of shapes, axes or indices."""
    return [int(value) for value in np.asarray(values).reshape(-1)]


def sizes(x, shape, allowzero=0):
    """The sizes that Reshape asks for: 0 keeps the size of the axis."""
    return [x.shape[axis] if size == 0 and not allowzero else size for axis, size in enumerate(numbers(shape))]


def slices(x, starts, ends, axes, steps=None):
    """The axis and the indices of each slice."""
    steps = [1] * len(numbers(starts)) if steps is None else numbers(steps)
    for start, end, axis, step in zip(numbers(starts), numbers(ends), numbers(axes), steps):
        size = x.shape[axis]
        yield axis, list(range(size)[slice(start, None if end < -size else end, step)])


class Graph:
    """A graph with one function per operator."""

    def __init__(self, path, operators):
        graph = onnx.load(path).graph
        self.inputs = [value.name for value in graph.input]
        self.outputs = [value.name for value in graph.output]
        # In the file's order.
        self.constants = {constant.name: numpy_helper.to_array(constant) for constant in graph.initializer}
        self.nodes = [
            (
                known(operators, node.op_type, "operator"),
                list(node.input),
                list(node.output),
                {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute},
            )
            for node in graph.node
        ]

    def run(self, constants, inputs):
        """The outputs for these inputs, in the file's order; a tuple if there are several."""
        values = {**dict(zip(self.inputs, inputs)), **constants}
        for operator, names, (output,), attributes in self.nodes:
            values[output] = operator(*[values[name] if name else None for name in names], **attributes)
        outputs = [values[name] for name in self.outputs]
        return outputs[0] if len(outputs) == 1 else tuple(outputs)


def load(network, folder):
    """The encoder and the decoder of an exported folder."""
    return tuple(network(str(pathlib.Path(folder) / f"{name}.onnx")) for name in ("encoder", "decoder"))
