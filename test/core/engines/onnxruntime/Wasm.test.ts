import { assert, describe, it } from "@effect/vitest"
import { encodeLoops, type Loop, isSupported } from "../../../../src/core/engines/onnxruntime/Wasm.ts"

/** Runs one loop: `vectors` and `scalars` in the order of the form's leaves in memory, then room for the stores. */
const run = (form: Loop, leaves: ReadonlyArray<ReadonlyArray<number>>, size: number): ReadonlyArray<Float32Array> => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(encodeLoops([form])), { state: { memory } })
  const views = [...leaves, ...form.stores.map(() => [])].map((values, index) => {
    const view = new Float32Array(memory.buffer, 256 * (index + 1), Math.max(size, values.length))
    view.set(values)
    return view
  })
  const loop = exports["0"] as (...numbers: ReadonlyArray<number>) => void
  loop(Math.ceil(size / 4) * 16, ...views.map((view) => view.byteOffset))
  return views.slice(leaves.length)
}

const operators: Readonly<Record<string, (a: number, b: number) => number>> = {
  Abs: (a) => Math.abs(a),
  Add: (a, b) => a + b,
  Div: (a, b) => a / b,
  Max: Math.max,
  Min: Math.min,
  Mul: (a, b) => a * b,
  Neg: (a) => -a,
  Reciprocal: (a) => 1 / a,
  Sqrt: (a) => Math.sqrt(a),
  Sub: (a, b) => a - b
}

const a = [1, -2, 0.5, 3, -0.25, 7, 1e30, 1e-40, NaN]
const b = [3, 5, -0.1, -3, 1e-3, 0, 1e30, 2, 1]

describe("Wasm", () => {
  for (const [operator, f] of Object.entries(operators)) {
    it(`${operator} is float32 arithmetic, also for lengths that are not multiples of four`, () => {
      assert.isTrue(isSupported(operator))
      const operands = f.length === 1 ? [0] : [0, 1]
      const form: Loop = { leaves: ["vector", "vector"], steps: [{ operator, operands }], stores: [2] }
      for (const size of [1, 3, 4, 5, 9]) {
        const [result] = run(form, [a.slice(0, size), b.slice(0, size)], size)
        const expected = Float32Array.from(a.slice(0, size), (value, index) =>
          f(Math.fround(value), Math.fround(b[index]!))
        )
        assert.deepStrictEqual(result, expected)
      }
    })
  }

  it("takes scalars from memory and constants, and stores several results", () => {
    const form: Loop = {
      leaves: ["scalar", "vector", 0.5],
      steps: [
        { operator: "Mul", operands: [0, 1] },
        { operator: "Add", operands: [3, 2] }
      ],
      stores: [4, 3]
    }
    const [sum, product] = run(form, [[2], [1, 2, 3]], 3)
    assert.deepStrictEqual(product, Float32Array.of(2, 4, 6))
    assert.deepStrictEqual(sum, Float32Array.of(2.5, 4.5, 6.5))
  })

  it("encodes numbers of more than seven bits", () => {
    const steps = Array.from({ length: 300 }, (_, index) => ({ operator: "Add", operands: [index, 0] }))
    const [result] = run({ leaves: ["vector"], steps, stores: [300] }, [[1, 2, 3, 4]], 4)
    assert.deepStrictEqual(result, Float32Array.of(301, 602, 903, 1204))
  })
})
