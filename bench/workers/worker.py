"""The worker's side of the bench's protocol; see bench/Protocol.ts."""
import json
import os
import sys
import time
import traceback

import numpy

CHUNK = 500
"""Test images per call, as in the project's evaluation."""

DTYPES = {"F32": numpy.float32, "I32": numpy.int32, "U8": numpy.uint8}


def load_file(path):
    """The tensors of a safetensors file, read here so that an accelerator's machine needs no such package.

    Format: https://huggingface.co/docs/safetensors
    """
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    header.pop("__metadata__", None)
    return {
        name: numpy.frombuffer(data[slice(*entry["data_offsets"])], DTYPES[entry["dtype"]]).reshape(entry["shape"]).copy()
        for name, entry in header.items()
    }


class Session:
    """One compiled program: `subject` has `step` and `evaluate`, which take indices and noise of a batch."""

    def __init__(self, request, make):
        tensors, data = load_file(request["file"]), load_file(request["images"])
        parameters = {name.removeprefix("parameters/"): value for name, value in tensors.items() if name.startswith("p")}
        self.inputs = list(zip(tensors["indices"], tensors["noise"]))
        self.evaluation = tensors["evaluation"]
        self.taken = 0
        start = time.perf_counter()
        self.subject = make(request["network"], request["learningRate"], parameters, data["train"], data["test"])
        self.loss = self.step()
        self.seconds = time.perf_counter() - start

    def step(self):
        loss = self.subject.step(*self.inputs[self.taken % len(self.inputs)])
        self.taken += 1
        return loss

    def run(self, steps, seconds=float("inf")):
        milliseconds = []
        end = time.perf_counter() + seconds
        while len(milliseconds) < steps and time.perf_counter() < end:
            start = time.perf_counter()
            self.loss = self.step()
            milliseconds.append(1000 * (time.perf_counter() - start))
        return milliseconds

    def evaluate(self):
        """The mean loss of all test images, without an update."""
        count = len(self.evaluation)
        rows = [slice(first, first + CHUNK) for first in range(0, count, CHUNK)]
        start = time.perf_counter()
        total = sum(self.subject.evaluate(chunk, self.evaluation[chunk]) for chunk in rows)
        return time.perf_counter() - start, total / count


THREADS = int(os.environ["BENCH_THREADS"])


def serve(versions, make, multiply=None):
    """Answers requests until the standard input ends. `multiply` measures a list of matrix products."""
    replies = os.fdopen(os.dup(1), "w")
    # Output of libraries goes to standard error.
    os.dup2(2, 1)

    def reply(tag, **fields):
        # A number that is not finite is no JSON: it is refused here, with its name.
        replies.write(json.dumps({"_tag": tag, **fields}, allow_nan=False) + "\n")
        replies.flush()

    def answer(request, session):
        match request["_tag"]:
            case "Prepare":
                session = Session(request, make)
                reply("Prepared", seconds=session.seconds, loss=session.loss)
            case "Run":
                milliseconds = session.run(request["steps"], request.get("seconds", float("inf")))
                reply("Ran", milliseconds=milliseconds, loss=session.loss)
            case "Evaluate":
                seconds, loss = session.evaluate()
                reply("Evaluated", seconds=seconds, loss=loss)
            case "Multiply" if multiply is not None:
                reply("Multiplied", milliseconds=multiply(request["products"], request["repeats"]))
            case other:
                reply("Failed", reason=f"does not know {other}")
        return session

    session = None
    reply("Ready", versions={"python": sys.version.split()[0], **versions})
    for line in sys.stdin:
        request = json.loads(line)
        if request["_tag"] == "Prepare":
            # Releases the previous program's memory before the next one is compiled.
            session = None
        try:
            session = answer(request, session)
        except Exception as error:
            traceback.print_exc()
            reply("Failed", reason=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
