import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { createRequire } from "node:module"
import { dirname } from "node:path"
import { Effect, FileSystem, Path } from "effect"
import * as Package from "../../../../src/core/engines/tensorflow/Package.ts"

const name = "@tensorflow/tfjs-node"

/** A folder in which a package of this name is installed that consists of `files`. */
const installed = Effect.fnUntraced(function* (files: Readonly<Record<string, string>>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const place = yield* fs.makeTempDirectoryScoped()
  const folder = path.join(place, "node_modules", name)
  for (const [file, text] of Object.entries({ "package.json": `{"name":"${name}"}`, ...files })) {
    yield* fs.makeDirectory(path.dirname(path.join(folder, file)), { recursive: true })
    yield* fs.writeFileString(path.join(folder, file), text)
  }
  return { place, folder, from: [createRequire(path.join(place, "place.js"))] }
})

/** Puts a TensorFlow.js with the project's own core beside the package. */
const shared = Effect.fnUntraced(function* (place: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const core = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-core/package.json"))
  const packages = path.join(place, "node_modules", "@tensorflow")
  yield* fs.makeDirectory(path.join(packages, "tfjs"))
  yield* fs.writeFileString(path.join(packages, "tfjs", "index.js"), "")
  yield* fs.symlink(core, path.join(packages, "tfjs-core"))
})

const binding = "lib/napi-v8/tfjs_binding.node"

const whyNot = (effect: Effect.Effect<unknown, Package.TensorFlowUnavailable>) =>
  Effect.map(Effect.flip(effect), ({ message }) => message)

/** Why a package that consists of these files and whose place has TensorFlow.js does not load. */
const whyNotLoaded = Effect.fnUntraced(function* (files: Readonly<Record<string, string>>) {
  const { from, place } = yield* installed({ [binding]: "", ...files })
  yield* shared(place)
  return yield* whyNot(Effect.flatMap(Package.find("cpu", from), (found) => Package.load(found)))
})

describe("Package", () => {
  it.effect("reports a missing package of the device", () =>
    Effect.gen(function* () {
      const place = yield* FileSystem.FileSystem.use((fs) => fs.makeTempDirectoryScoped())
      const from = [createRequire(`${place}/place.js`)]
      const toDo = "is not installed; run `pnpm run setup:tensorflow`"
      assert.strictEqual(yield* whyNot(Package.find("cpu", from)), `the package ${name} ${toDo}`)
      assert.strictEqual(yield* whyNot(Package.find("gpu", from)), `the package ${name}-gpu ${toDo}`)
      assert.strictEqual(yield* whyNot(Package.find(undefined, from)), `the package ${name}-gpu or ${name} ${toDo}`)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("reports a missing binding and its path", () =>
    Effect.gen(function* () {
      const { folder, from } = yield* installed({})
      const reason = yield* whyNot(Package.find(undefined, from))
      assert.include(reason, `the binding of ${name} is not built`)
      assert.include(reason, folder)
      assert.include(reason, "pnpm run setup:tensorflow")
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("finds the first built package", () =>
    Effect.gen(function* () {
      const bare = yield* installed({})
      const built = yield* installed({ [binding]: "" })
      const other = yield* installed({ [binding]: "" })
      const found = yield* Package.find(undefined, [...bare.from, ...built.from, ...other.from])
      assert.deepStrictEqual(found, { name, folder: built.folder })
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("reports a missing libtensorflow", () =>
    Effect.gen(function* () {
      const said = "libtensorflow_cc.so.2: cannot open shared object file: No such file or directory"
      const reason = yield* whyNotLoaded({ "index.js": `throw new Error("${said}")` })
      assert.include(reason, `${name} finds no libtensorflow (${said})`)
      assert.include(reason, "pnpm run setup:tensorflow")
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("reports a broken binding's error", () =>
    Effect.gen(function* () {
      const reason = yield* whyNotLoaded({
        "index.js": `require("./${binding}")`,
        [binding]: "not a library, though it is long enough to have the header of one, of sixty-four bytes"
      })
      assert.include(reason, "does not load: ")
      assert.include(reason, "tfjs_binding.node")
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("refuses a package with another copy of TensorFlow.js, and does not load it", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const { from, place } = yield* installed({ [binding]: "", "index.js": "globalThis.loadedTheWrongOne = true" })
      for (const other of ["tfjs", "tfjs-core"]) {
        const folder = path.join(place, "node_modules", "@tensorflow", other)
        yield* fs.makeDirectory(folder)
        yield* fs.writeFileString(path.join(folder, "index.js"), "")
      }
      const reason = yield* whyNot(Effect.flatMap(Package.find("cpu", from), (found) => Package.load(found)))
      assert.include(reason, "another copy of @tensorflow/tfjs-core")
      assert.include(reason, place)
      assert.notProperty(globalThis, "loadedTheWrongOne")
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
