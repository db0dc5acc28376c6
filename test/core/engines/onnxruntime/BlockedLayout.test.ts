import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { toBlockedLayout, isApplicable, probe } from "../../../../src/core/engines/onnxruntime/BlockedLayout.ts"
import { type Graph, inOrder, type Value } from "../../../../src/core/engines/graph/Graph.ts"
import * as Op from "../../../../src/core/engines/graph/Operators.ts"
import { float32 } from "../../../../src/core/Tensors.ts"

const filter = (outputs: number, channels: number): Value => Op.input("filter", "float32", [outputs, channels, 3, 3])

const convolution = (x: Value, filters: Value): Value =>
  Op.operation("Conv", [x, filters], x.shape.with(1, filters.shape[0]!), "float32", { pads: [1, 1, 1, 1] })

const images = (channels: number): Value => Op.input("x", "float32", [2, channels, 5, 4])

/** The operators on images that are left, in order, with their channels. */
const operators = (outputs: Graph["outputs"]) =>
  inOrder(Object.values(toBlockedLayout({ outputs }, 16).outputs)).flatMap((value) =>
    value.kind === "operation" && value.shape.length === 4 && value.shape[0] === 2
      ? [[value.operator.replace("com.microsoft.nchwc.", "blocks."), value.shape[1]]]
      : []
  )

describe("BlockedLayout", () => {
  it("convolves in blocks, without conversions between convolutions", () => {
    const first = convolution(images(32), filter(16, 32))
    assert.deepStrictEqual(operators({ y: convolution(first, filter(24, 16)) }), [
      ["blocks.ReorderInput", 32],
      ["blocks.Conv", 16],
      ["blocks.Conv", 32],
      ["blocks.ReorderOutput", 24]
    ])
  })

  it("reads images of few channels in the plain layout, and removes padding channels only where necessary", () => {
    const y = convolution(images(8), filter(16, 8))
    const cutOff = Op.unary("Relu", y)
    const inner = [
      ["blocks.Conv", 16],
      ["blocks.ReorderOutput", 16]
    ]
    assert.deepStrictEqual(operators({ cutOff }), inner)
    assert.deepStrictEqual(operators({ cutOff, y }), [...inner, ["Relu", 16]])
  })

  it("keeps convolutions that do not fill blocks, and constant filters", () => {
    const kept = [
      convolution(images(1), filter(16, 1)),
      convolution(images(16), filter(4, 16)),
      convolution(images(24), filter(16, 24)),
      convolution(images(16), Op.constant("float32", [16, 16, 3, 3], new Float32Array(16 * 16 * 9)))
    ]
    for (const y of kept) assert.deepStrictEqual(operators({ y }), [["Conv", y.shape[1]]])
    assert.isTrue(isApplicable({ outputs: { y: kept[0]! } }))
    assert.isFalse(isApplicable({ outputs: { y: Op.exp(images(1)) } }))
  })

  it.effect("determines the block length by the order of elements, and checks a convolution", () =>
    Effect.gen(function* () {
      const found = (length: number, wrong: number) =>
        probe((_, inputs) => {
          const { shape, values } = inputs["x"]!
          const numbers = Float32Array.from(values)
          const result = (f: (at: number) => number) =>
            float32(
              shape,
              numbers.map((_, at) => f(at))
            )
          if ("filter" in inputs) {
            return Effect.succeed({ plain: result((at) => numbers[at]!), blocks: result((at) => numbers[at]! + wrong) })
          }
          const inBlock = 2 * length
          const blocks = result((at) => {
            const within = at % inBlock
            return at - within + 2 * (within % length) + Math.floor(within / length)
          })
          return Effect.succeed({ blocks })
        })
      assert.strictEqual(yield* found(8, 0), 8)
      assert.strictEqual(yield* found(16, 0), 16)
      assert.isUndefined(yield* found(16, 1))
      assert.isUndefined(yield* found(1, 0))
    })
  )
})
