import { NodeServices } from "@effect/platform-node"
import { assert, describe, it as test, layer } from "@effect/vitest"
import { Effect, Equal, FileSystem, Option, Path } from "effect"
import type { Json } from "../../../src/core/Spec.ts"
import * as Manifest from "../../../src/pipelines/store/Manifest.ts"
import { dataDigest, manifestOf, specs, version1 } from "../SampleManifest.ts"

const file = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  return join(yield* fs.makeTempDirectoryScoped({ prefix: "manifest-" }), "manifest.json")
})

/** The manifest as JSON, with some fields replaced by hand. */
const edited = Effect.fnUntraced(function* (path: string, change: (fields: Record<string, any>) => unknown) {
  const fs = yield* FileSystem.FileSystem
  yield* Manifest.write(path, manifestOf())
  const fields = JSON.parse(yield* fs.readFileString(path))
  change(fields)
  yield* fs.writeFileString(path, JSON.stringify(fields))
  return yield* Effect.flip(Manifest.read(path))
})

describe("Manifest.runId", () => {
  test("is 12 hexadecimal digits that do not depend on the order of keys", () => {
    const id = Manifest.runId(specs, 0, dataDigest)
    assert.match(id, /^[0-9a-f]{12}$/)
    const reversed = Object.fromEntries(
      Object.entries(specs)
        .toReversed()
        .map(([name, spec]) => [name, Object.fromEntries(Object.entries(spec).toReversed())])
    ) as unknown as Manifest.RunSpecs
    assert.strictEqual(Manifest.runId(reversed, 0, dataDigest), id)
  })

  test("differs for another spec, seed or data", () => {
    const others: ReadonlyArray<Manifest.RunSpecs> = (["dataset", "model", "objective", "training"] as const).map(
      (part) => ({
        ...specs,
        [part]: { ...specs[part], more: 1 as Json }
      })
    )
    const ids = [
      Manifest.runId(specs, 0, dataDigest),
      Manifest.runId(specs, 1, dataDigest),
      Manifest.runId(specs, 0, "cd".repeat(32)),
      ...others.map((other) => Manifest.runId(other, 0, dataDigest))
    ]
    assert.strictEqual(new Set(ids).size, 7)
  })

  test("is stable across versions", () => {
    // SHA-256 of {"data":"abab…","dataset":{"_tag":"Mnist"},"format":1,…}, computed by Python's hashlib and json.
    assert.strictEqual(Manifest.runId(specs, 0, dataDigest), "ea9aed1365d4")
  })
})

describe("Manifest", () => {
  layer(NodeServices.layer)((it) => {
    it.effect("is restored exactly", () =>
      Effect.gen(function* () {
        const path = yield* file
        assert.isTrue(Option.isNone(yield* Manifest.read(path)))
        const { ended: _ended, git: _git, ...running } = manifestOf(3)
        const exit = { error: "DivergenceError", message: "the loss is NaN", epoch: 2, step: 700, checkpoint: 600 }
        const { engine, started, versions, host } = running
        const killed: Manifest.Segment = { fromStep: 0, engine, started, versions, host, status: "running" }
        for (const manifest of [
          manifestOf(),
          { ...running, status: "running" as const },
          { ...manifestOf(), status: "failed" as const, exit },
          { ...manifestOf(), status: "failed" as const, exit: { ...exit, lastFiniteLoss: Number.NaN } },
          {
            ...manifestOf(),
            fromStep: 600,
            earlier: [killed, { ...killed, fromStep: 300, status: "interrupted" as const }]
          },
          { ...manifestOf(), status: "interrupted" as const }
        ]) {
          yield* Manifest.write(path, manifest)
          assert.isTrue(Equal.equals(Option.getOrThrow(yield* Manifest.read(path)), manifest))
        }
      })
    )

    it.effect("is readable JSON with ISO times", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* file
        yield* Manifest.write(path, manifestOf())
        const fields = JSON.parse(yield* fs.readFileString(path))
        assert.strictEqual(fields.formatVersion, 2)
        assert.strictEqual(fields.started, "2026-03-01T10:00:00.123Z")
        assert.strictEqual(fields.status, "done")
        assert.deepStrictEqual(fields.specs, specs)
      })
    )

    it.effect("names each changed, added or removed field", () =>
      Effect.gen(function* () {
        const path = yield* file
        for (const [field, change] of [
          ["seed", (fields) => (fields.seed = 1)],
          ["parameters", (fields) => (fields.parameters.beta = 4)],
          ["specs", (fields) => (fields.specs.objective.beta = 4)],
          ["status", (fields) => (fields.status = "failed")],
          ["host", (fields) => (fields.host.cores = 64)],
          ["git", (fields) => delete fields.git],
          ["more", (fields) => (fields.more = true)],
          ["id", (fields) => (fields.digests = undefined)],
          ["engine", (fields) => (fields.engine.note = "\ud800")]
        ] as ReadonlyArray<readonly [string, (fields: Record<string, any>) => unknown]>) {
          const error = yield* edited(path, change)
          assert.strictEqual(error.problem, "corrupt")
          if (field !== "engine") assert.include(error.message, `"${field}"`)
        }
      })
    )

    it.effect("refuses an id that does not match the specs", () =>
      Effect.gen(function* () {
        const path = yield* file
        yield* Manifest.write(path, { ...manifestOf(), id: "000000000000" })
        assert.include((yield* Effect.flip(Manifest.read(path))).message, "000000000000")
      })
    )

    it.effect("refuses another format version by its number, and other files", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* file
        for (const version of [3, 0, "1", null]) {
          const error = yield* edited(path, (fields) => (fields.formatVersion = version))
          assert.strictEqual(error.problem, "unknown format")
          assert.include(error.message, JSON.stringify(version))
        }
        for (const text of ["", "{", "null", "[]", "1", '"x"', "{}", '{"formatVersion":1}', "[".repeat(200_000)]) {
          yield* fs.writeFileString(path, text)
          assert.strictEqual((yield* Effect.flip(Manifest.read(path))).problem, "corrupt")
        }
      })
    )

    it.effect("reads version 1, and names changed fields", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* file
        yield* fs.writeFileString(path, version1)
        const { fromStep: _fromStep, git, host, ...others } = manifestOf()
        const { diff: _diff, ...commit } = git!
        const { name: _name, ...machine } = host
        const exit = { error: "DivergenceError", message: "the loss is NaN", epoch: 2, step: 700 }
        const expected = { ...others, git: commit, host: machine, status: "failed", exit }
        assert.isTrue(Equal.equals(Option.getOrThrow(yield* Manifest.read(path)), expected))
        yield* fs.writeFileString(path, version1.replace('"cores": 2', '"cores": 64'))
        assert.include((yield* Effect.flip(Manifest.read(path))).message, '"host"')
      })
    )

    it.effect("refuses to write what cannot be read", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* file
        for (const wrong of [
          { ...manifestOf(), seed: 0.5 },
          { ...manifestOf(), parameters: { beta: Number.NaN } },
          { ...manifestOf(), experiment: "\ud800" }
        ]) {
          assert.strictEqual((yield* Effect.flip(Manifest.write(path, wrong))).problem, "cannot write")
        }
        assert.isFalse(yield* fs.exists(path))
      })
    )
  })
})
