"""
Makes goldens.json: parameters after each of 5 steps by torch.optim and optax, in double precision.

    python -m venv VENV && VENV/bin/pip install torch==2.15.0 jax==0.10.2 optax==0.2.8 numpy==2.4.6
    VENV/bin/python test/core/optimizers/goldens.py > test/core/optimizers/goldens.json
"""
import json
import math

import jax
import jax.numpy as jnp
import optax
import torch

jax.config.update("jax_enable_x64", True)

STEPS = 5
START = {"kernel": [0.5, -1.25, 2.0, 0.125], "bias": [1.0, -0.75]}


def gradients(step):
    """Of step 1, 2, ...: as in Goldens.test.ts."""
    return {
        name: [math.sin(3 * step + 7 * place + len(name)) * (1 + step) for place in range(len(values))]
        for name, values in START.items()
    }


def by_torch(make, clip=None):
    parameters = {name: torch.tensor(values, dtype=torch.float64, requires_grad=True) for name, values in START.items()}
    optimizer = make(parameters)
    path = []
    for step in range(1, STEPS + 1):
        for name, values in gradients(step).items():
            parameters[name].grad = torch.tensor(values, dtype=torch.float64)
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(parameters.values(), clip)
        optimizer.step()
        path.append({name: parameter.tolist() for name, parameter in parameters.items()})
    return path


def by_optax(optimizer):
    parameters = {name: jnp.array(values, dtype=jnp.float64) for name, values in START.items()}
    state = optimizer.init(parameters)
    path = []
    for step in range(1, STEPS + 1):
        found = {name: jnp.array(values, dtype=jnp.float64) for name, values in gradients(step).items()}
        updates, state = optimizer.update(found, state, parameters)
        parameters = optax.apply_updates(parameters, updates)
        path.append({name: parameter.tolist() for name, parameter in parameters.items()})
    return path


def all_of(optimizer, **options):
    return lambda parameters: optimizer(parameters.values(), **options)


def no_decay_on_biases(parameters):
    return torch.optim.AdamW(
        [
            {"params": [parameters["kernel"]], "weight_decay": 0.1},
            {"params": [parameters["bias"]], "weight_decay": 0.0},
        ],
        lr=0.1,
    )


kernels = {"kernel": True, "bias": False}

print(
    json.dumps(
        {
            "torch": {
                "Adam": by_torch(all_of(torch.optim.Adam, lr=0.1)),
                "AdamW": by_torch(all_of(torch.optim.AdamW, lr=0.1, weight_decay=0.1)),
                "AmsGrad": by_torch(all_of(torch.optim.Adam, lr=0.1, amsgrad=True)),
                "RmsProp": by_torch(all_of(torch.optim.RMSprop, lr=0.1)),
                "RmsProp, centred, with momentum": by_torch(
                    all_of(torch.optim.RMSprop, lr=0.1, alpha=0.9, centered=True, momentum=0.5)
                ),
                "Sgd": by_torch(all_of(torch.optim.SGD, lr=0.1)),
                "Sgd with momentum": by_torch(all_of(torch.optim.SGD, lr=0.1, momentum=0.9)),
                "Sgd with Nesterov's momentum": by_torch(
                    all_of(torch.optim.SGD, lr=0.1, momentum=0.9, nesterov=True)
                ),
                "Adagrad": by_torch(all_of(torch.optim.Adagrad, lr=0.1)),
                "no decay on biases": by_torch(no_decay_on_biases),
                "clipped Adam": by_torch(all_of(torch.optim.Adam, lr=0.1), clip=2.0),
                "L2 penalty before momentum": by_torch(
                    all_of(torch.optim.SGD, lr=0.1, momentum=0.9, weight_decay=0.1)
                ),
            },
            "optax": {
                "Adam": by_optax(optax.adam(0.1)),
                "AdamW": by_optax(optax.adamw(0.1, weight_decay=0.1)),
                "RmsProp": by_optax(optax.rmsprop(0.1, decay=0.99, eps_in_sqrt=False)),
                "Sgd with momentum": by_optax(optax.sgd(0.1, momentum=0.9)),
                "Sgd with Nesterov's momentum": by_optax(optax.sgd(0.1, momentum=0.9, nesterov=True)),
                "Lion": by_optax(optax.lion(0.1, weight_decay=0.1)),
                "no decay on biases": by_optax(optax.adamw(0.1, weight_decay=0.1, mask=kernels)),
                "clipped Adam": by_optax(optax.chain(optax.clip_by_global_norm(2.0), optax.adam(0.1))),
                "Adam with a cosine schedule": by_optax(optax.adam(optax.cosine_decay_schedule(0.1, 4))),
            },
        },
        indent=1,
    )
)
