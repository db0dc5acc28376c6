import { assert, describe, it } from "@effect/vitest"
import sharp from "sharp"
import { pngFault } from "../../../src/pipelines/files/PngCheck.ts"

const picture = sharp({ create: { width: 20, height: 10, channels: 3, background: "#336699" } })
  .png()
  .toBuffer()

describe("PngCheck", () => {
  it("accepts an intact PNG", async () => {
    assert.isUndefined(pngFault(await picture))
  })

  it("finds every flipped bit and every truncation", async () => {
    const bytes = await picture
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [0, 7]) {
        const changed = Uint8Array.from(bytes)
        changed[at]! ^= 1 << bit
        assert.isDefined(pngFault(changed), `bit ${bit} of byte ${at}`)
      }
      assert.isDefined(pngFault(bytes.subarray(0, at)), `cut at ${at}`)
    }
    assert.match(pngFault(Buffer.concat([bytes, Buffer.of(0)]))!, /1 bytes follow its end/)
  })
})
