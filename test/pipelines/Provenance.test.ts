import { readFileSync } from "node:fs"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, FileSystem, Option, Path, PlatformError, Schema } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { gather, gitState, Provenance } from "../../src/pipelines/Provenance.ts"

const packageJson = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))

/** Runs `git` in a folder of its own; the exit code. */
const git = (folder: string, ...args: ReadonlyArray<string>) =>
  Effect.flatMap(ChildProcessSpawner.ChildProcessSpawner, (spawner) =>
    spawner.exitCode(
      ChildProcess.make("git", ["-C", folder, "-c", "user.name=A", "-c", "user.email=a@example.org", ...args])
    )
  )

describe("Provenance", () => {
  layer(NodeServices.layer)((it) => {
    it.effect("reads the versions of what is installed, and the machine", () =>
      Effect.gen(function* () {
        const found = yield* gather
        assert.deepStrictEqual(found.versions, {
          "effect-vae": packageJson.version,
          effect: packageJson.dependencies.effect,
          "@tensorflow/tfjs": packageJson.dependencies["@tensorflow/tfjs"],
          "onnxruntime-node": packageJson.dependencies["onnxruntime-node"],
          node: process.versions.node
        })
        assert.strictEqual(found.host.platform, process.platform)
        assert.isAtLeast(found.host.cores, 1)
        assert.isTrue(Schema.is(Provenance)(found))
      })
    )

    it.effect("tells the commit and whether files differ; nothing outside a checkout's root", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const folder = yield* fs.makeTempDirectoryScoped({ prefix: "git-" })
        assert.isTrue(Option.isNone(yield* gitState(folder)))
        const available = yield* Effect.option(git(folder, "init", "-q"))
        if (Option.isNone(available) || available.value !== 0) return
        // A repository without a commit has none to name.
        assert.isTrue(Option.isNone(yield* gitState(folder)))
        yield* fs.makeDirectory(join(folder, "sub"))
        yield* fs.writeFileString(join(folder, "sub", "file"), "1")
        yield* git(folder, "add", ".")
        yield* git(folder, "commit", "-q", "-m", "One")
        const clean = Option.getOrThrow(yield* gitState(folder))
        assert.match(clean.commit, /^[0-9a-f]{40}$/)
        assert.isFalse(clean.dirty)
        assert.isTrue(Option.isNone(yield* gitState(join(folder, "sub"))))
        yield* fs.writeFileString(join(folder, "sub", "file"), "2")
        assert.deepStrictEqual(Option.getOrThrow(yield* gitState(folder)), { commit: clean.commit, dirty: true })
      })
    )

    it.effect("leaves git out where there is no git", () =>
      Effect.gen(function* () {
        const missing = ChildProcessSpawner.make(() =>
          Effect.fail(PlatformError.systemError({ _tag: "NotFound", module: "ChildProcess", method: "spawn" }))
        )
        const found = yield* Effect.provideService(gather, ChildProcessSpawner.ChildProcessSpawner, missing)
        assert.isFalse("git" in found)
        assert.strictEqual(found.versions["effect-vae"], packageJson.version)
      })
    )
  })
})
