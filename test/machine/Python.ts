/**
 * A Python with PyTorch, and one with Keras, that read ONNX files.
 */
import { spawnSync } from "node:child_process"
import { Result } from "effect"
import * as Capability from "./Capability.ts"

const candidates = [process.env["VAE_TEST_PYTHON"], "python3", "/usr/bin/python3", "bench/.venv/bin/python"]

/** The first Python that imports these modules. */
const pythonWith = (name: string, modules: string): Capability.Capability<string> => {
  const found = candidates.find(
    (python) => python !== undefined && spawnSync(python, ["-c", `import ${modules}`], { timeout: 60_000 }).status === 0
  )
  return Capability.make(
    { name: `Python with ${name}`, remedy: `set VAE_TEST_PYTHON to a Python that can import ${modules}` },
    found === undefined ? Result.fail(`no Python here can import ${modules}`) : Result.succeed(found)
  )
}

export const torch: Capability.Capability<string> = pythonWith("PyTorch", "torch, onnx")

export const keras: Capability.Capability<string> = pythonWith("Keras", "keras, onnx")
