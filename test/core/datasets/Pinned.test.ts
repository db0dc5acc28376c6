import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { maxFileBytes, verify } from "../../../src/core/datasets/Pinned.ts"
import { bits } from "../../../src/core/Random.ts"
import { sha256 } from "../../../src/core/Spec.ts"

const content = new Uint8Array(bits({ seed: 3, stream: "test/pinned", step: 0 }, 50_000).buffer)

const pinned = { sha256: sha256(content), bytes: content.length }

describe("Pinned", () => {
  it.effect("verifies the same content in any packaging", () =>
    Effect.gen(function* () {
      for (const level of [0, 1, 6, 9]) {
        const packed = gzipSync(content, { level })
        assert.deepStrictEqual(yield* verify(packed, pinned), content)
        assert.isAtMost(packed.length, maxFileBytes(pinned))
      }
      assert.deepStrictEqual(yield* verify(content, pinned), content)
    })
  )

  it.effect("allows for the gzip header of empty content", () =>
    Effect.gen(function* () {
      const nothing = { sha256: sha256(new Uint8Array(0)), bytes: 0 }
      assert.lengthOf(yield* verify(gzipSync(new Uint8Array(0)), nothing), 0)
      assert.isAtLeast(maxFileBytes(nothing), 20)
    })
  )

  it.effect("names both checksums, or the reason of the failure", () =>
    Effect.gen(function* () {
      const other = content.with(7, content[7]! ^ 128)
      const wrong = yield* Effect.flip(verify(gzipSync(other), pinned))
      assert.strictEqual(wrong._tag, "PinnedError")
      assert.include(wrong.message, pinned.sha256)
      assert.include(wrong.message, sha256(other))
      const cut = yield* Effect.flip(verify(gzipSync(content).subarray(0, 1000), pinned))
      assert.include(cut.message, pinned.sha256)
      assert.include(cut.message, "unexpected end of file")
      const longer = yield* Effect.flip(verify(Uint8Array.from([...content, 0]), pinned))
      assert.include(longer.message, `more than ${content.length} bytes`)
    })
  )
})
