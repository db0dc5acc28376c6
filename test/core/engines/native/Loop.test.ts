import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { neutral, type Operator, reducer } from "../../../../src/core/engines/native/Reduction.ts"
import * as Formula from "../../../../src/core/engines/native/Formula.ts"
import type { Access } from "../../../../src/core/engines/native/Access.ts"
import type { InstructionSet } from "../../../../src/core/engines/native/InstructionSet.ts"
import * as Loop from "../../../../src/core/engines/native/Loop.ts"
import type { MachineCode } from "../../../machine/MachineCode.ts"
import { fenced, nativeTest, tableOf, withPools } from "./NativeTest.ts"

const lengths = [1, 7, 15, 16, 17, 31, 33, 784]

const access = (slot: number, strides: ReadonlyArray<number>, more: Partial<Access> = {}): Access => ({
  slot,
  width: 4,
  offset: 0,
  strides,
  ...more
})

/** `matrix + row * column + number + bytes[at] + transposed`, stored, and sums of it along each axis and the other; slots from `first` on. */
const everything = (rows: number, columns: number, first: number, { primitives }: InstructionSet): Loop.Loop => {
  const formula = Formula.make(primitives)
  const place = (slot: number, strides: ReadonlyArray<number>, more?: Partial<Access>) =>
    access(first + slot, strides, more)
  const [matrix, row, column, number, bytes, transposed] = [0, 1, 2, 3, 4, 5].map(formula.load) as [
    Formula.Lanes,
    ...Array<Formula.Lanes>
  ]
  const product = formula.lanes("multiplyAdd", [row!, column!, matrix])
  const counted = formula.lanes("add", [formula.lanes("toFloat", [bytes!]), number!])
  const item = formula.lanes("add", [formula.lanes("add", [product, counted]), transposed!])
  const isPositive = formula.truth("less", [formula.float(0), item])
  const reduction = (slot: number, strides: ReadonlyArray<number>, operator: Operator) => ({
    item,
    to: place(slot, strides),
    reducer: reducer(operator, true)
  })
  const both = [reduction(9, [0, 1], "Sum"), reduction(10, [1, 0], "Max")]
  return {
    name: "everything",
    axes: [rows, columns],
    leaves: [
      place(0, [columns, 1]),
      place(1, [0, 1]),
      place(2, [1, 0]),
      place(3, [0, 0]),
      place(4, [columns, 1], { width: 1, by: { axis: 0, slot: first + 6, rows: 3 } }),
      place(5, [1, rows])
    ],
    stores: [
      { item, to: place(7, [columns, 1]) },
      { item: isPositive, to: place(8, [columns, 1], { width: 1 }) }
    ],
    // With both, no axis can be divided among threads.
    reductions: rows === 40 ? both.slice(0, 1) : rows === 17 ? both.slice(1) : both
  }
}

/** Tensors of {@link everything}. */
const slots = 11

/** Tensors for so many rows and columns, and what is wrong with the results. */
const caseOf = Effect.fnUntraced(function* (machine: MachineCode, rows: number, columns: number) {
  const sizes = [rows * columns, columns, rows, 1, 3 * columns, rows * columns, rows]
  sizes.push(rows * columns, rows * columns, columns, rows)
  // Every buffer ends where the forbidden page begins; bytes are the last of four times their number.
  const buffers = yield* Effect.forEach(sizes, (size) => fenced(machine, size, 4))
  const [matrix, row, column, number, , transposed, at, result, , sums, largest] = buffers.map(
    ({ values }) => values
  ) as Array<Float32Array>
  const bytesOf = (slot: number) =>
    new Uint8Array(buffers[slot]!.values.buffer, buffers[slot]!.values.byteOffset + 3 * sizes[slot]!, sizes[slot])
  for (const values of [matrix!, row!, column!, number!, transposed!])
    values.forEach((_, index) => (values[index] = Math.sin(index * 7)))
  const [bytes, truths] = [bytesOf(4), bytesOf(8)]
  bytes.forEach((_, index) => (bytes[index] = index * 5))
  const chosen = new Int32Array(at!.buffer, at!.byteOffset, rows)
  chosen.forEach((_, index) => (chosen[index] = index % 3))

  const fault = (): string | undefined => {
    const [columnSums, rowLargest] = [new Float64Array(columns), new Float64Array(rows).fill(-Infinity)]
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) {
        const expected =
          matrix![r * columns + c]! +
          row![c]! * column![r]! +
          number![0]! +
          bytes[(r % 3) * columns + c]! +
          transposed![c * rows + r]!
        const actual = result![r * columns + c]!
        if (!(Math.abs(actual - expected) <= 1e-4)) return `[${r}, ${c}] is ${actual}, not ${expected}`
        if (truths[r * columns + c] !== Number(actual > 0)) return `[${r}, ${c}] is ${actual}, and above 0 or not`
        columnSums[c]! += expected
        rowLargest[r] = Math.max(rowLargest[r]!, actual)
      }
    const wrongSum = columnSums.findIndex((sum, c) => !(Math.abs(sums![c]! - sum) <= 1e-2))
    if (rows !== 17 && wrongSum >= 0) return `the sum of column ${wrongSum} is ${sums![wrongSum]}`
    const wrongLargest = rowLargest.findIndex((value, r) => largest![r] !== value)
    if (rows !== 40 && wrongLargest >= 0) return `the largest of row ${wrongLargest} is ${largest![wrongLargest]}`
    return undefined
  }
  const addresses = buffers.map(({ address }, slot) =>
    slot === 4 || slot === 8 ? address + BigInt(3 * sizes[slot]!) : address
  )
  return { columns, addresses, fault }
})

describe("Loop", () => {
  nativeTest("reads and writes nothing beyond a tensor, of whatever lengths", (machine) =>
    withPools(
      machine,
      Effect.fnUntraced(function* (pool) {
        for (const rows of [1, 2, 17, 40])
          yield* Effect.scoped(
            Effect.gen(function* () {
              // One program for all lengths: where threads wait for each other, a busy machine takes its time.
              const cases = yield* Effect.forEach(lengths, (columns) => caseOf(machine, rows, columns))
              const loops = cases.map(({ columns }, index) => everything(rows, columns, slots * index, machine.set))
              const compiled = yield* pool.compile([
                { name: "everything", emit: (code, share) => loops.forEach((loop) => Loop.emit(loop, code, share)) }
              ])
              compiled.run(
                yield* tableOf(
                  machine,
                  cases.flatMap(({ addresses }) => addresses)
                )
              )
              for (const { columns, fault } of cases) {
                const found = fault()
                if (found !== undefined)
                  assert.fail(`${rows} rows, ${columns} columns, ${pool.threads} threads: ${found}`)
              }
            })
          )
      })
    )
  )

  nativeTest("keeps more values than there are registers", (machine) =>
    Effect.gen(function* () {
      const count = 50
      const { address, values } = yield* fenced(machine, 17)
      values.fill(1.5)
      const formula = Formula.make(machine.set.primitives)
      const x = formula.load(0)
      const powers = [x]
      for (let power = 1; power < count; power++) powers.push(formula.lanes("add", [powers.at(-1)!, x]))
      // Used from the first to the last after all are there.
      const product = powers.reduce((sum, power) => formula.lanes("multiplyAdd", [power, power, sum]), formula.float(0))
      const total = powers.reduce((sum, power) => formula.lanes("sub", [sum, power]), product)
      const loop: Loop.Loop = {
        name: "long",
        axes: [17],
        leaves: [access(0, [1])],
        stores: [{ item: total, to: access(0, [1]) }],
        reductions: []
      }
      yield* withPools(machine, (pool) =>
        Effect.gen(function* () {
          values.fill(1.5)
          const compiled = yield* pool.compile([{ name: "long", emit: (code, share) => Loop.emit(loop, code, share) }])
          compiled.run(yield* tableOf(machine, [address]))
          let expected = 0
          for (let power = 1; power <= count; power++) expected += (1.5 * power) ** 2 - 1.5 * power
          values.forEach((value) => assert.strictEqual(value, expected))
        })
      )
    })
  )

  nativeTest("an extreme is NaN where one of its values is, and begins with what changes nothing", (machine) =>
    Effect.gen(function* () {
      const { address, values } = yield* fenced(machine, 33)
      const result = yield* fenced(machine, 1)
      const run = (operator: Operator) =>
        withPools(machine, (pool) =>
          Effect.gen(function* () {
            const formula = Formula.make(machine.set.primitives)
            const loop: Loop.Loop = {
              name: operator,
              axes: [33],
              leaves: [access(0, [1])],
              stores: [],
              reductions: [{ item: formula.load(0), to: access(1, [0]), reducer: reducer(operator, true) }]
            }
            const compiled = yield* pool.compile([
              { name: operator, emit: (code, share) => Loop.emit(loop, code, share) }
            ])
            compiled.run(yield* tableOf(machine, [address, result.address]))
          })
        )
      for (const operator of ["Max", "Min"] as const) {
        const sign = operator === "Max" ? -1 : 1
        values.forEach((_, index) => (values[index] = sign * (index + 1)))
        yield* run(operator)
        assert.strictEqual(result.values[0], sign)
        for (const at of [0, 15, 16, 32]) {
          values.forEach((_, index) => (values[index] = index === at ? Number.NaN : index))
          yield* run(operator)
          assert.isNaN(result.values[0], `${operator}, NaN at ${at}`)
        }
      }
      assert.strictEqual(neutral(reducer("Sum", false)).step.name, "constant")
    })
  )
})
