import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, FileSystem, Path } from "effect"
import * as RunLock from "../../../src/pipelines/store/RunLock.ts"
import * as LiveStatus from "../../../src/pipelines/store/LiveStatus.ts"
import { manifestOf } from "../SampleManifest.ts"

describe("LiveStatus", () => {
  layer(NodeServices.layer)((it) => {
    it.effect("a running run was killed, unless a living process owns it", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const results = yield* fs.makeTempDirectoryScoped({ prefix: "standing-" })
        const { ended: _ended, ...manifest } = manifestOf()
        const running = { ...manifest, status: "running" as const }
        const lock = yield* RunLock.make(join(results, RunLock.folderName))
        assert.strictEqual(yield* LiveStatus.liveStatus(results, running), "killed")
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* lock.acquire(running.id)
            assert.strictEqual(yield* LiveStatus.liveStatus(results, running), "running")
          })
        )
        assert.strictEqual(yield* LiveStatus.liveStatus(results, running), "killed")
      })
    )

    it.effect("any other status of the manifest is kept", () =>
      Effect.gen(function* () {
        for (const status of ["done", "failed", "interrupted"] as const) {
          assert.strictEqual(yield* LiveStatus.liveStatus("/nowhere", { ...manifestOf(), status }), status)
        }
      })
    )
  })
})
