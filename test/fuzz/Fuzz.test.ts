import { spawnSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Schema } from "effect"
import { type Fuzzed, fuzz, hasTag } from "./Fuzz.ts"
import { damage, drawing } from "./Mutations.ts"

class Refusal extends Schema.TaggedError<Refusal>()("Refusal", {}) {}

const source = new TextEncoder().encode("the bytes of a file")

type Reader = (bytes: Uint8Array) => Effect.Effect<number, Refusal | Error>

const fuzzed = (name: string, read: Reader): Fuzzed<Uint8Array, number, Refusal | Error, never> => ({
  name,
  count: 50,
  draw: (draw) => damage(source, draw),
  read,
  refusal: (error) => "_tag" in error && hasTag("Refusal")(error),
  accepted: (length, bytes) => assert.strictEqual(length, bytes.length)
})

const right: Reader = (bytes) => (bytes.length < 10 ? Effect.fail(new Refusal()) : Effect.sync(() => bytes.length))

describe("fuzz", () => {
  it.live("counts what a correct reader accepts and refuses, deterministically", () =>
    Effect.gen(function* () {
      const outcomes = yield* fuzz(fuzzed("right", right))
      assert.isAbove(outcomes.accepted, 0)
      assert.isAbove(outcomes.refused, 0)
      assert.deepStrictEqual(yield* fuzz(fuzzed("right", right)), outcomes)
    })
  )

  const wrong: Readonly<Record<string, Reader>> = {
    "a defect": () => Effect.die(new Error("a bug")),
    "a thrown error": () => {
      throw new Error("a bug")
    },
    "an error of no reader": () => Effect.fail(new Error("ENOENT")),
    "an interrupt": () => Effect.interrupt,
    "wrong content": () => Effect.succeed(-1),
    "too much memory": (bytes) => Effect.sync(() => Math.min(bytes.length, new Uint8Array(2 ** 28).length))
  }
  it.live.each(Object.entries(wrong))("finds %s, and names the seed", ([name, read]) =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(fuzz(fuzzed(name, read)))
      assert.match(Exit.isFailure(exit) ? String(exit.cause) : "", /seed 1:/)
    })
  )

  it("ends a process that never yields", () => {
    const watchdog = new URL("Watchdog.ts", import.meta.url).href
    const script = `
      import { Effect } from "effect"
      import { watch } from ${JSON.stringify(watchdog)}
      await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
        (yield* watch("loop", 1)).beat(7)
        while (true) {}
      })))`
    const { signal, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 60_000
    })
    assert.strictEqual(signal, "SIGKILL")
    assert.include(stderr, "loop, seed 7: takes for ever")
  })
})

describe("damage", () => {
  it("is deterministic, does not modify its source, and is of many kinds", () => {
    const before = source.slice()
    const made = Array.from({ length: 500 }, (_, seed) => damage(source, drawing(seed)))
    assert.deepStrictEqual(source, before)
    made.forEach((bytes, seed) => assert.deepStrictEqual(damage(source, drawing(seed)), bytes))
    assert.isAbove(new Set(made.map((bytes) => Buffer.from(bytes).toString("hex"))).size, 300)
    assert.isTrue(
      made.some(({ length }) => length < source.length) && made.some(({ length }) => length > source.length)
    )
  })
})
