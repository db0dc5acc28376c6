import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Result } from "effect"
import type { Purpose } from "../../src/core/datasets/ArrayDataset.ts"
import * as NpyFile from "../../src/core/datasets/NpyFile.ts"
import { byNumpy, valuesOf } from "../core/datasets/NumpyFiles.ts"
import { fuzz, hasTag } from "./Fuzz.ts"
import { concat, damage, type Draw, extremeSizes } from "./Mutations.ts"

/** A value of a Python literal: `True` and `False`, texts, integers, tuples, dictionaries. */
type Literal = boolean | string | bigint | ReadonlyArray<Literal> | ReadonlyMap<Literal, Literal>

/** Reads a Python literal; throws where Python would find a fault in it, or something else than headers have. */
const python = (text: string): Literal => {
  let at = 0
  const skip = () => {
    while (/[ \t\n\r\f]/.test(text[at] ?? "")) at++
  }
  const take = (pattern: RegExp): string | undefined => {
    skip()
    pattern.lastIndex = at
    const [found] = pattern.exec(text) ?? []
    at += found?.length ?? 0
    return found
  }
  const need = (pattern: RegExp): string => take(pattern) ?? assert.fail(`expected ${pattern} at ${at} of ${text}`)
  const items = (close: RegExp, item: () => void) => {
    let commas = 0
    while (take(close) === undefined) {
      item()
      if (take(/,/y) !== undefined) commas++
      else {
        need(close)
        break
      }
    }
    return commas
  }
  const value = (): Literal => {
    const word = take(/True\b|False\b/y)
    if (word !== undefined) return word === "True"
    const quoted = take(/'[^'\\\n]*'|"[^"\\\n]*"/y)
    if (quoted !== undefined) return quoted.slice(1, -1)
    const number = take(/(?:0+|[1-9]\d*)(?![\w.])/y)
    if (number !== undefined) return BigInt(number)
    if (take(/\(/y) !== undefined) {
      const found: Array<Literal> = []
      const commas = items(/\)/y, () => found.push(value()))
      return found.length === 1 && commas === 0 ? found[0]! : found
    }
    need(/\{/y)
    const found = new Map<Literal, Literal>()
    items(/\}/y, () => {
      const key = value()
      need(/:/y)
      found.set(key, value())
    })
    return found
  }
  const found = value()
  skip()
  if (at < text.length) assert.fail(`more than a literal in ${text}`)
  return found
}

const readers: Readonly<Record<string, readonly [bytes: number, (view: DataView, at: number) => number | bigint]>> = {
  u1: [1, (view, at) => view.getUint8(at)],
  i1: [1, (view, at) => view.getInt8(at)],
  u2: [2, (view, at) => view.getUint16(at, true)],
  i2: [2, (view, at) => view.getInt16(at, true)],
  u4: [4, (view, at) => view.getUint32(at, true)],
  i4: [4, (view, at) => view.getInt32(at, true)],
  u8: [8, (view, at) => view.getBigUint64(at, true)],
  i8: [8, (view, at) => view.getBigInt64(at, true)],
  f4: [4, (view, at) => view.getFloat32(at, true)],
  f8: [8, (view, at) => view.getFloat64(at, true)]
}

/** What a file says by NumPy's description, read the plainest way; throws where it says nothing that the reader may take. */
const meaning = (
  file: Uint8Array,
  purpose: Purpose
): { readonly shape: ReadonlyArray<number>; readonly values: Uint8Array } => {
  const buffer = Buffer.from(file)
  assert.strictEqual(buffer.subarray(0, 6).toString("latin1"), "\x93NUMPY")
  const version = buffer[6]!
  assert.isTrue([1, 2, 3].includes(version) && buffer[7] === 0)
  const start = version === 1 ? 10 : 12
  const end = start + (version === 1 ? buffer.readUInt16LE(8) : buffer.readUInt32LE(8))
  assert.isAtMost(end, buffer.length)
  const header = python(buffer.subarray(start, end).toString(version === 3 ? "utf8" : "latin1"))
  assert.isTrue(header instanceof Map && header.size === 3)
  const fields = header as ReadonlyMap<string, Literal>
  assert.isFalse(fields.get("fortran_order"))
  const shape = fields.get("shape") as ReadonlyArray<bigint>
  const code = fields.get("descr") as string
  assert.match(code, /^[|<]/)
  const [bytes, get] = readers[code.slice(1)]!
  const count = shape.reduce((product, size) => product * size, 1n)
  assert.strictEqual(count * BigInt(bytes), BigInt(buffer.length - end))
  const view = new DataView(file.buffer, file.byteOffset + end, buffer.length - end)
  const isReal = code.slice(1).startsWith("f")
  assert.isTrue(purpose === "labels" ? !isReal : isReal || code.slice(1) === "u1", "this type does not serve")
  const values = Array.from({ length: Number(count) }, (_, index) => {
    const value = get(view, index * bytes)
    assert.isTrue(value >= 0 && value <= (isReal ? 1 : 255), `${value} is no byte`)
    return isReal ? Math.floor(255 * Number(value) + 0.5) : Number(value)
  })
  return {
    shape: shape.map(Number),
    values: Uint8Array.from(values)
  }
}

const sources = [
  ["pixels", byNumpy("uint8")],
  ["pixels", byNumpy("float32")],
  ["pixels", byNumpy("float64")],
  ["pixels", byNumpy("version2")],
  ["pixels", byNumpy("version3")],
  ["labels", byNumpy("int64")],
  ["pixels", byNumpy("fortran")],
  ["pixels", byNumpy("structured")]
] as const

const codes =
  "|u1 <u1 <f4 <f8 |i1 <i2 <u2 <i4 <u4 <i8 <u8 >f4 >u1 =f4 f4 |b1 |O <c8 <U4 |V8 <f2 <f16 <M8[s] __proto__ constructor".split(
    " "
  )

const sizeText = (draw: Draw): string =>
  draw.pick([
    () => String(draw.pick([...extremeSizes, 2, 3, 12])),
    () => draw.pick(["2", "3", "6", "12"]),
    () =>
      draw.pick([
        "-1",
        "1e3",
        "0x2",
        "3L",
        "2.0",
        "03",
        "00",
        "1_2",
        "+3",
        "True",
        "'3'",
        "(3)",
        "\u00a03",
        "",
        "9".repeat(400)
      ])
  ])()

/** A header of likely and unlikely parts, in a frame that may lie about its length, before a few values. */
const hostile = (draw: Draw): Uint8Array => {
  const quote = draw.pick(["'", '"'])
  const quoted = (words: string) => quote + words + quote
  const shape = draw.chance(0.4)
    ? draw.pick(["(3, 2, 2)", "(12,)", "(12,\n)", "()", "(3,)", "(1,12,1)", "(3,\t4,)"])
    : `(${Array.from({ length: 1 + draw.below(4) }, () => sizeText(draw)).join(draw.pick([", ", ",", " , "]))}${draw.pick(["", ","])})`
  const entries = [
    `${quoted("descr")}: ${draw.chance(0.1) ? "[('a', '<f4')]" : quoted(draw.chance(0.5) ? "|u1" : draw.pick(codes))}`,
    `${quoted("fortran_order")}:${draw.chance(0.9) ? "False" : draw.pick(["True", "0", "false", "None", "'False'"])}`,
    `${quoted("shape")} : ${draw.chance(0.95) ? shape : draw.pick(["[3, 2, 2]", "12", "None", "3, 2, 2"])}`
  ]
  if (draw.chance(0.3)) entries.reverse()
  if (draw.chance(0.1))
    entries.splice(draw.below(3), draw.below(2), draw.pick([...entries, "'more': 1", "'__proto__': ()"]))
  const padding = " ".repeat(draw.pick([0, 1, 40]))
  const text = draw.chance(0.05)
    ? draw.pick(["{", "(", "'", "{'descr':", "{'descr': '", "{   ", "}  ", "(3, "]).repeat(draw.pick([10, 20_000]))
    : `{${entries.join(", ")}${draw.pick(["", ",", ", "])}}${padding}${draw.pick(["\n", ""])}`
  const body = Buffer.from(text, "latin1")
  const version = draw.pick([1, 1, 2, 3])
  const stated = draw.chance(0.85) ? body.length : draw.pick([...extremeSizes, body.length - 1, body.length + 1])
  const frame = Buffer.alloc(version === 1 ? 10 : 12)
  frame.write("\x93NUMPY", "latin1")
  frame[6] = version
  if (version === 1) frame.writeUInt16LE(stated % 65_536, 8)
  else frame.writeUInt32LE(stated, 8)
  const values = draw.chance(0.9)
    ? new Uint8Array(draw.pick([1, 3, 12, 12, 24, 48, 96]))
    : Uint8Array.from({ length: draw.below(100) }, () => draw.below(256))
  return concat(frame, body, values)
}

describe("npy files", () => {
  it.live("are read as NumPy would, or refused", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = `${yield* fs.makeTempDirectoryScoped({ prefix: "npy-" })}/array.npy`
      const outcomes = yield* fuzz({
        name: "npy",
        count: 4000,
        draw: (draw): { readonly purpose: Purpose; readonly bytes: Uint8Array } => {
          if (draw.chance(0.5)) return { purpose: draw.pick(["pixels", "labels"]), bytes: hostile(draw) }
          const [purpose, source] = draw.pick(sources)
          return { purpose, bytes: damage(source, draw) }
        },
        read: ({ bytes, purpose }) =>
          Effect.andThen(
            fs.writeFile(path, bytes),
            NpyFile.openFile(path, { purpose, fits: () => true, shape: "any array" }).pipe(
              Effect.flatMap(valuesOf),
              Effect.scoped
            )
          ),
        refusal: hasTag("ArrayError"),
        accepted: (found, { bytes, purpose }) => assert.deepStrictEqual(found, meaning(bytes, purpose)),
        refused: ({ bytes, purpose }, error) => {
          const read = Result.try(() => meaning(bytes, purpose))
          const isTwice = /(descr|fortran_order|shape).*\1/s.test(Buffer.from(bytes).toString("latin1"))
          // Python takes a key that is said twice.
          if (!isTwice) assert.isTrue(Result.isFailure(read), `refused: ${error.message}`)
        }
      })
      assert.isAbove(outcomes.accepted, 200)
      assert.isAbove(outcomes.refused, 1000)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
