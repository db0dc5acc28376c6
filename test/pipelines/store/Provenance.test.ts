import { readFileSync } from "node:fs"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, FileSystem, Option, Path, PlatformError, Schema } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { collect, gitState, Provenance, unrelatedPackages } from "../../../src/pipelines/store/Provenance.ts"
import { needs } from "../../machine/Capability.ts"
import * as Programs from "../../machine/Programs.ts"

const packageJson = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"))

/** Runs `git` in a folder of its own; the exit code. */
const git = (folder: string, ...args: ReadonlyArray<string>) =>
  Effect.flatMap(ChildProcessSpawner.ChildProcessSpawner, (spawner) =>
    spawner.exitCode(
      ChildProcess.make("git", ["-C", folder, "-c", "user.name=A", "-c", "user.email=a@example.org", ...args])
    )
  )

describe("Provenance", () => {
  layer(NodeServices.layer)((it) => {
    it.effect("reads the versions of installed packages, and the machine", () =>
      Effect.gen(function* () {
        const found = yield* collect
        const dependencies: Record<string, string> = { ...packageJson.dependencies, ...packageJson.peerDependencies }
        assert.deepStrictEqual(found.versions, {
          "effect-vae": packageJson.version,
          // The pinned versions are the installed ones.
          ...Object.fromEntries(Object.entries(dependencies).filter(([name]) => !unrelatedPackages.includes(name))),
          node: process.versions.node
        })
        for (const name of ["effect", "@tensorflow/tfjs-core", "onnxruntime-node", "sharp", "umap-js"]) {
          assert.property(found.versions, name)
        }
        assert.strictEqual(found.host.platform, process.platform)
        assert.isAtLeast(found.host.cores, 1)
        assert.isTrue(Schema.is(Provenance)(found))
      })
    )

    it.effect(
      "reads the commit and whether files differ; nothing outside a checkout's root",
      () =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const { join } = yield* Path.Path
          const folder = yield* fs.makeTempDirectoryScoped({ prefix: "git-" })
          assert.isTrue(Option.isNone(yield* gitState(folder)))
          assert.strictEqual(yield* git(folder, "init", "-q"), 0)
          // A repository without a commit has none to name.
          assert.isTrue(Option.isNone(yield* gitState(folder)))
          yield* fs.makeDirectory(join(folder, "sub"))
          yield* fs.writeFileString(join(folder, "sub", "file"), "1")
          yield* git(folder, "add", ".")
          yield* git(folder, "commit", "-q", "-m", "One")
          const clean = Option.getOrThrow(yield* gitState(folder))
          assert.match(clean.commit, /^[0-9a-f]{40}$/)
          assert.isFalse(clean.dirty)
          assert.notProperty(clean, "diff")
          assert.isTrue(Option.isNone(yield* gitState(join(folder, "sub"))))
          yield* fs.writeFileString(join(folder, "sub", "file"), "2")
          const changed = Option.getOrThrow(yield* gitState(folder))
          assert.deepStrictEqual({ ...changed, diff: "" }, { commit: clean.commit, dirty: true, diff: "" })
          assert.match(changed.diff!, /^[0-9a-f]{64}$/)
          // The digest is that of the change and not of a person's settings.
          yield* git(folder, "config", "diff.noprefix", "true")
          yield* git(folder, "config", "diff.context", "9")
          yield* git(folder, "config", "color.ui", "always")
          assert.deepStrictEqual(Option.getOrThrow(yield* gitState(folder)), changed)
          yield* git(folder, "add", ".")
          assert.deepStrictEqual(Option.getOrThrow(yield* gitState(folder)), changed)
          yield* fs.writeFileString(join(folder, "sub", "file"), "3")
          assert.notStrictEqual(Option.getOrThrow(yield* gitState(folder)).diff, changed.diff)
          // A file that git does not track differs from the commit and has no part in the digest.
          yield* fs.writeFileString(join(folder, "sub", "file"), "1")
          yield* fs.writeFileString(join(folder, "other"), "1")
          assert.deepStrictEqual(Option.getOrThrow(yield* gitState(folder)), { commit: clean.commit, dirty: true })
        }),
      needs(Programs.git)
    )

    it.effect("omits git if it is not installed", () =>
      Effect.gen(function* () {
        const missing = ChildProcessSpawner.make(() =>
          Effect.fail(PlatformError.systemError({ _tag: "NotFound", module: "ChildProcess", method: "spawn" }))
        )
        const found = yield* Effect.provideService(collect, ChildProcessSpawner.ChildProcessSpawner, missing)
        assert.isFalse("git" in found)
        assert.strictEqual(found.versions["effect-vae"], packageJson.version)
      })
    )
  })
})
