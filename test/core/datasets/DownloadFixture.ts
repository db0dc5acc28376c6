/**
 * A file, settings and servers for the tests of downloads.
 */
import { createHash } from "node:crypto"
import type { ServerResponse } from "node:http"
import { gzipSync } from "node:zlib"
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { assert } from "@effect/vitest"
import { Duration, Effect, FileSystem, Layer, type Path } from "effect"
import { HttpClient } from "effect/http"
import { download } from "../../../src/core/datasets/Download.ts"
import { DownloadSettings } from "../../../src/core/datasets/Transfer.ts"
import { bits } from "../../../src/core/Random.ts"

// random bytes, so that the compressed file is as long as its content and is sent in several pieces
export const content = new Uint8Array(bits({ seed: 1, stream: "test/download", step: 0 }, 60_000).buffer)
export const file = gzipSync(content)
export const half = Math.floor(file.length / 2)
export const sum = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")
export const pinned = { sha256: sum(content), bytes: content.length }

export const settings = {
  answerTimeout: Duration.millis(300),
  stallTimeout: Duration.millis(300),
  retries: 3,
  backoff: Duration.millis(5)
}

/** Runs a test with a folder of its own and real files and network. */
export const live = <A, E>(
  test: (folder: string) => Effect.Effect<A, E, FileSystem.FileSystem | Path.Path | HttpClient.HttpClient>,
  client: Layer.Layer<HttpClient.HttpClient> = NodeHttpClient.layerUndici
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return yield* test(yield* fs.makeTempDirectoryScoped())
  }).pipe(
    Effect.scoped,
    Effect.provideService(DownloadSettings, settings),
    Effect.provide([NodeServices.layer, client])
  )

export const get = (folder: string, ...addresses: ReadonlyArray<string>) =>
  download({ target: `${folder}/deep/data.gz`, addresses, content: pinned })

/** The folder holds the whole file and nothing else. */
export const assertWhole = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  assert.deepStrictEqual(yield* fs.readDirectory(folder, { recursive: true }), ["deep", "deep/data.gz"])
  assert.isTrue(file.equals(yield* fs.readFile(`${folder}/deep/data.gz`)))
})

/** The download fails by the typed error, and nothing lies in the folder. */
export const assertFails = Effect.fnUntraced(function* (folder: string, ...addresses: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  const error = yield* Effect.flip(get(folder, ...addresses))
  assert.strictEqual(error._tag, "DownloadError")
  assert.deepStrictEqual(yield* fs.readDirectory(`${folder}/deep`), [])
  assert.deepStrictEqual(
    error.failures.map(({ where }) => where),
    addresses
  )
  for (const { reason, where } of error.failures) {
    assert.include(error.message, where)
    assert.include(error.message, reason)
  }
  return error.failures.map(({ reason }) => reason)
})

export const sendAll = (response: ServerResponse) =>
  response.writeHead(200, { "content-length": file.length }).end(file)

/** Sends the bytes from `start` to `end`, then cuts the connection. */
export const sendAndCut = (
  response: ServerResponse,
  start: number,
  end: number,
  headers: Record<string, string> = {}
) => {
  response.writeHead(start === 0 ? 200 : 206, {
    "content-length": file.length - start,
    ...(start > 0 && { "content-range": `bytes ${start}-${file.length - 1}/${file.length}` }),
    ...headers
  })
  response.write(file.subarray(start, end), () => setTimeout(() => response.socket?.destroy(), 20))
}

/** Answers a range request as a server does that has ranges. */
export const sendRange = (response: ServerResponse, range: string | undefined) => {
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0)
  response.writeHead(206, {
    "content-length": file.length - start,
    "content-range": `bytes ${start}-${file.length - 1}/${file.length}`
  })
  response.end(file.subarray(start))
}

export const clients = {
  undici: NodeHttpClient.layerUndici,
  "node:http": NodeHttpClient.layerNodeHttp,
  fetch: NodeHttpClient.layerFetch
}
