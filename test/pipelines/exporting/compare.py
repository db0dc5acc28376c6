"""compare.py FOLDER REFERENCE FRAMEWORK: the largest difference between an exported model and what effect-vae computed."""

import json
import sys

import numpy as np

folder, reference, framework = sys.argv[1:]
sys.path.insert(0, folder)
expected = {name: np.array(values, dtype="float32") for name, values in json.load(open(reference)).items()}
encoder, decoder = __import__(f"model_{framework}").load(folder)
if framework == "torch":
    import torch

    to, back = torch.from_numpy, lambda tensor: tensor.detach().numpy()
else:
    from keras import ops

    to, back = ops.convert_to_tensor, ops.convert_to_numpy
mean, deviation = encoder(to(expected["images"]))
found = {"decoded": decoder(to(expected["codes"])), "mean": mean, "deviation": deviation}
print(max(float(np.abs(back(values) - expected[name]).max()) for name, values in found.items()))
