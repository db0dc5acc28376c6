import { gzipSync } from "node:zlib"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import { HttpClient, HttpClientError } from "effect/http"
import { testServer } from "./TestServer.ts"
import {
  file,
  half,
  pinned,
  settings,
  live,
  get,
  assertWhole,
  assertFails,
  sendAll,
  sendAndCut,
  sendRange
} from "./DownloadFixture.ts"

describe("Transfer", () => {
  for (const status of [408, 429, 500, 503]) {
    it.live(`retries after status ${status}`, () =>
      live(
        Effect.fnUntraced(function* (folder) {
          const server = yield* testServer((_, response, index) =>
            index < 2 ? response.writeHead(status).end("later") : sendAll(response)
          )
          yield* get(folder, server.address)
          yield* assertWhole(folder)
          assert.lengthOf(server.requests, 3)
        }, Effect.scoped)
      )
    )
  }

  it.live("gives up on a persistently broken server", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const server = yield* testServer((_, response) => response.writeHead(500).end())
        assert.deepStrictEqual(yield* assertFails(folder, server.address), ["status 500"])
        assert.lengthOf(server.requests, 1 + settings.retries)
      }, Effect.scoped)
    )
  )

  it.live("restarts if the server does not support ranges", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const server = yield* testServer((_, response, index) =>
          index === 0 ? sendAndCut(response, 0, half) : sendAll(response)
        )
        yield* get(folder, server.address)
        yield* assertWhole(folder)
      }, Effect.scoped)
    )
  )

  it.live("keeps nothing of a longer previous response", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const server = yield* testServer((_, response, index) => {
          if (index > 0) return sendAll(response)
          response.writeHead(200, { "content-length": file.length + 200 })
          response.write(Buffer.concat([file, Buffer.alloc(100, 7)]), () =>
            setTimeout(() => response.socket?.destroy(), 20)
          )
        })
        yield* get(folder, server.address)
        yield* assertWhole(folder)
        assert.lengthOf(server.requests, 2)
      }, Effect.scoped)
    )
  )

  it.live("restarts after a wrong range, and after a refused one", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const server = yield* testServer((request, response, index) => {
          if (index === 0) sendAndCut(response, 0, half)
          else if (index === 1) sendRange(response, `bytes=${half - 1}-`)
          else if (index === 2) sendAndCut(response, 0, half)
          else if (request.headers.range !== undefined) response.writeHead(416).end()
          else sendAll(response)
        })
        const error = yield* Effect.flip(get(folder, server.address))
        assert.include(error.message, "got status 416")
        yield* get(folder, server.address)
        yield* assertWhole(folder)
        assert.deepStrictEqual(
          server.requests.map(({ range }) => range),
          [undefined, `bytes=${half}-`, undefined, `bytes=${half}-`, undefined]
        )
      }, Effect.scoped)
    )
  )

  it.live("gives up on a connection that always breaks", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const server = yield* testServer((request, response) => {
          const start = Number(/\d+/.exec(request.headers.range ?? "")?.[0] ?? 0)
          sendAndCut(response, start, start + 1000)
        })
        const [reason] = yield* assertFails(folder, server.address)
        assert.include(reason, "connection cut")
        assert.deepStrictEqual(
          server.requests.map(({ range }) => range),
          [undefined, "bytes=1000-", "bytes=2000-", "bytes=3000-"]
        )
      }, Effect.scoped)
    )
  )

  it.live("does not accept a truncated file of unknown length", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const server = yield* testServer((_, response) => {
          response.socket?.end(Buffer.concat([Buffer.from("HTTP/1.0 200 OK\r\n\r\n"), file.subarray(0, half)]))
        })
        const [reason] = yield* assertFails(folder, server.address)
        assert.include(reason, pinned.sha256)
        assert.include(reason, "unexpected end of file")
      }, Effect.scoped)
    )
  )

  it.live("stops an endless body", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const server = yield* testServer((_, response) => {
          const piece = new Uint8Array(65_536)
          const more = () => {
            while (!response.destroyed && response.write(piece));
          }
          response.on("drain", more)
          more()
        })
        const [reason] = yield* assertFails(folder, server.address)
        assert.include(reason, "more than the")
        assert.lengthOf(server.requests, 1)
      }, Effect.scoped)
    )
  )

  it.live("retries a silent server once, then tries the next address", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const server = yield* testServer((request, response) => {
          if (request.url === "/second") sendAll(response)
        })
        yield* get(folder, `${server.address}/first`, `${server.address}/second`)
        yield* assertWhole(folder)
        assert.deepStrictEqual(
          server.requests.map(({ path }) => path),
          ["/first", "/first", "/second"]
        )
        const [reason] = yield* assertFails(`${folder}/other`, server.address)
        assert.strictEqual(reason, "no answer within 300ms")
      }, Effect.scoped)
    )
  )

  it.live("resumes after a stall", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const server = yield* testServer((request, response, index) => {
          if (index > 0) return sendRange(response, request.headers.range)
          response.writeHead(200, { "content-length": file.length }).write(file.subarray(0, half))
        })
        yield* get(folder, server.address)
        yield* assertWhole(folder)
        assert.strictEqual(server.requests[1]?.range, `bytes=${half}-`)
      }, Effect.scoped)
    )
  )

  it.live("does not follow endless redirects", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const server = yield* testServer((_, response) => response.writeHead(302, { location: "/again" }).end())
        assert.deepStrictEqual(yield* assertFails(folder, server.address), ["status 302"])
        assert.isBelow(server.requests.length, 10)
      }, Effect.scoped)
    )
  )

  it.live("reads content that the server encoded against the request", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const fs = yield* FileSystem.FileSystem
        const encoded = gzipSync(file)
        const headers = { "content-encoding": "gzip", "content-length": encoded.length }
        const server = yield* testServer((_, response, index) => {
          response.writeHead(200, headers)
          if (index > 0) response.end(encoded)
          else response.write(encoded.subarray(0, half), () => setTimeout(() => response.socket?.destroy(), 20))
        })
        yield* get(folder, server.address)
        assert.isTrue(file.equals(yield* fs.readFile(`${folder}/deep/data.gz`)))
        assert.deepStrictEqual(
          server.requests.map(({ range }) => range),
          [undefined, undefined]
        )
      }, Effect.scoped),
      NodeHttpClient.layerFetch
    )
  )

  for (const [what, cause, times] of [
    ["asks once more after a failure that nobody knows", new Error("certificate has expired"), 2],
    ["does not ask an unknown host again", Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" }), 1]
  ] as const) {
    it.live(what, () => {
      let asked = 0
      const client = HttpClient.make((request) => {
        asked += 1
        const reason = new HttpClientError.TransportError({ request, cause: new Error("fetch failed", { cause }) })
        return Effect.fail(new HttpClientError.HttpClientError({ reason }))
      })
      return live(
        Effect.fnUntraced(function* (folder) {
          const [reason] = yield* assertFails(folder, "https://127.0.0.1:1/")
          assert.match(reason!, /^cannot be reached: (certificate has expired|getaddrinfo \(ENOTFOUND\))$/)
          assert.strictEqual(asked, times)
        }),
        Layer.succeed(HttpClient.HttpClient, client)
      )
    })
  }

  it.live("retries if the connection breaks before the response", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const server = yield* testServer((_, response, index) =>
          index < 3 ? response.socket?.destroy() : sendAll(response)
        )
        yield* get(folder, server.address)
        yield* assertWhole(folder)
        assert.lengthOf(server.requests, 4)
      }, Effect.scoped)
    )
  )
})
