import { createHash } from "node:crypto"
import { createServer } from "node:http"
import type { ServerResponse } from "node:http"
import { gzipSync } from "node:zlib"
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, FileSystem, Layer, type Path } from "effect"
import { HttpClient, HttpClientError } from "effect/http"
import { download } from "../../../src/core/datasets/Download.ts"
import { DownloadSettings } from "../../../src/core/datasets/Transfer.ts"
import { bits } from "../../../src/core/Random.ts"
import { testServer } from "./TestServer.ts"

// random bytes, so that the compressed file is as long as its content and is sent in several pieces
const content = new Uint8Array(bits({ seed: 1, stream: "test/download", step: 0 }, 60_000).buffer)
const file = gzipSync(content)
const half = Math.floor(file.length / 2)
const sum = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")
const pinned = { sha256: sum(content), bytes: content.length }

const settings = {
  answerTimeout: Duration.millis(300),
  stallTimeout: Duration.millis(300),
  retries: 3,
  backoff: Duration.millis(5)
}

/** Runs a test with a folder of its own and real files and network. */
const live = <A, E>(
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

const get = (folder: string, ...addresses: ReadonlyArray<string>) =>
  download({ target: `${folder}/deep/data.gz`, addresses, content: pinned })

/** The folder holds the whole file and nothing else. */
const assertWhole = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  assert.deepStrictEqual(yield* fs.readDirectory(folder, { recursive: true }), ["deep", "deep/data.gz"])
  assert.isTrue(file.equals(yield* fs.readFile(`${folder}/deep/data.gz`)))
})

/** The download fails by the typed error, and nothing lies in the folder. */
const assertFails = Effect.fnUntraced(function* (folder: string, ...addresses: ReadonlyArray<string>) {
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

const sendAll = (response: ServerResponse) => response.writeHead(200, { "content-length": file.length }).end(file)

/** Sends the bytes from `start` to `end`, then cuts the connection. */
const sendAndCut = (response: ServerResponse, start: number, end: number, headers: Record<string, string> = {}) => {
  response.writeHead(start === 0 ? 200 : 206, {
    "content-length": file.length - start,
    ...(start > 0 && { "content-range": `bytes ${start}-${file.length - 1}/${file.length}` }),
    ...headers
  })
  response.write(file.subarray(start, end), () => setTimeout(() => response.socket?.destroy(), 20))
}

/** Answers a range request as a server does that has ranges. */
const sendRange = (response: ServerResponse, range: string | undefined) => {
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0)
  response.writeHead(206, {
    "content-length": file.length - start,
    "content-range": `bytes ${start}-${file.length - 1}/${file.length}`
  })
  response.end(file.subarray(start))
}

const clients = {
  undici: NodeHttpClient.layerUndici,
  "node:http": NodeHttpClient.layerNodeHttp,
  fetch: NodeHttpClient.layerFetch
}

for (const [name, client] of Object.entries(clients)) {
  describe(`Download by ${name}`, () => {
    it.live("writes the file", () =>
      live(
        Effect.fnUntraced(function* (folder) {
          const server = yield* testServer((_, response) => sendAll(response))
          yield* get(folder, `${server.address}/data.gz`)
          yield* assertWhole(folder)
          assert.deepStrictEqual(server.requests, [{ method: "GET", path: "/data.gz", range: undefined }])
        }, Effect.scoped),
        client
      )
    )

    it.live("resumes a broken connection", () =>
      live(
        Effect.fnUntraced(function* (folder) {
          const conditions: Array<unknown> = []
          const server = yield* testServer((request, response, index) => {
            conditions.push(request.headers["if-range"])
            if (index === 0) sendAndCut(response, 0, half, { etag: '"one"' })
            else sendRange(response, request.headers.range)
          })
          yield* get(folder, server.address)
          yield* assertWhole(folder)
          assert.deepStrictEqual(
            server.requests.map(({ range }) => range),
            [undefined, `bytes=${half}-`]
          )
          assert.deepStrictEqual(conditions, [undefined, '"one"'])
        }, Effect.scoped),
        client
      )
    )

    it.live("follows redirects", () =>
      live(
        Effect.fnUntraced(function* (folder) {
          const server = yield* testServer((request, response) =>
            request.url === "/there" ? sendAll(response) : response.writeHead(302, { location: "/there" }).end("moved")
          )
          yield* get(folder, `${server.address}/here`)
          yield* assertWhole(folder)
        }, Effect.scoped),
        client
      )
    )

    it.live("reports an unreachable host without a retry", () =>
      live(
        Effect.fnUntraced(function* (folder) {
          const port = yield* closedPort
          const reasons = yield* assertFails(folder, `http://127.0.0.1:${port}/`)
          assert.match(reasons[0]!, /^cannot be reached: .*ECONNREFUSED/)
        }),
        client
      )
    )

    it.live("leaves nothing when interrupted", () =>
      live(
        Effect.fnUntraced(function* (folder) {
          const fs = yield* FileSystem.FileSystem
          const server = yield* testServer((_, response) => {
            response.writeHead(200, { "content-length": file.length }).write(file.subarray(0, half))
          })
          const fiber = yield* Effect.forkChild(get(folder, server.address))
          const sizes = fs.readDirectory(`${folder}/deep`).pipe(
            Effect.flatMap(Effect.forEach((part) => fs.stat(`${folder}/deep/${part}`))),
            Effect.map((infos) => infos.map(({ size }) => Number(size))),
            Effect.orElseSucceed((): Array<number> => [])
          )
          while (!((yield* sizes)[0]! > 0)) yield* Effect.sleep("5 millis")
          yield* Fiber.interrupt(fiber)
          assert.deepStrictEqual(yield* fs.readDirectory(`${folder}/deep`), [])
        }, Effect.scoped),
        client
      )
    )
  })
}

/** A port that was free a moment ago. */
const closedPort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 1)))
  })
})

describe("Download", () => {
  it.live("tries the next address after a 404, without a retry", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const server = yield* testServer((request, response) =>
          request.url === "/second" ? sendAll(response) : response.writeHead(404).end("no such thing")
        )
        yield* get(folder, `${server.address}/first`, `${server.address}/second`)
        yield* assertWhole(folder)
        assert.deepStrictEqual(
          server.requests.map(({ path }) => path),
          ["/first", "/second"]
        )
      }, Effect.scoped)
    )
  )

  it.live("names every address and why it failed", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const server = yield* testServer((request, response) =>
          response.writeHead(request.url === "/first" ? 404 : 403).end()
        )
        const reasons = yield* assertFails(folder, `${server.address}/first`, `${server.address}/second`)
        assert.deepStrictEqual(reasons, ["status 404", "status 403"])
      }, Effect.scoped)
    )
  )

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

  it.live("names both checksums of wrong content, and tries the next address", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const other = content.with(1000, content[1000]! ^ 1)
        const server = yield* testServer((request, response) =>
          request.url === "/right" ? sendAll(response) : response.end(gzipSync(other))
        )
        const [reason] = yield* assertFails(folder, `${server.address}/wrong`)
        assert.include(reason, pinned.sha256)
        assert.include(reason, sum(other))
        yield* get(folder, `${server.address}/wrong`, `${server.address}/right`)
        yield* assertWhole(folder)
      }, Effect.scoped)
    )
  )

  it.live("does not accept a sign-in page as the file", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const page = "<html>Please sign in</html>"
        const server = yield* testServer((_, response) => response.end(page))
        const [reason] = yield* assertFails(folder, server.address)
        assert.include(reason, sum(Buffer.from(page)))
      }, Effect.scoped)
    )
  )

  it.live("accepts uncompressed content", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const fs = yield* FileSystem.FileSystem
        const server = yield* testServer((_, response) => response.end(content))
        yield* get(folder, server.address)
        assert.strictEqual(sum(yield* fs.readFile(`${folder}/deep/data.gz`)), pinned.sha256)
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

  it.live("keeps an older file if the download fails", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const fs = yield* FileSystem.FileSystem
        yield* fs.makeDirectory(`${folder}/deep`)
        yield* fs.writeFileString(`${folder}/deep/data.gz`, "older")
        const server = yield* testServer((_, response) => response.writeHead(404).end())
        yield* Effect.flip(get(folder, server.address))
        assert.deepStrictEqual(yield* fs.readDirectory(`${folder}/deep`), ["data.gz"])
        assert.strictEqual(yield* fs.readFileString(`${folder}/deep/data.gz`), "older")
      }, Effect.scoped)
    )
  )

  it.live("names the path if the disk is at fault", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const fs = yield* FileSystem.FileSystem
        yield* fs.writeFileString(`${folder}/deep`, "a file where a folder should be")
        const error = yield* Effect.flip(get(folder, "http://127.0.0.1:1/"))
        assert.strictEqual(error._tag, "DownloadError")
        assert.strictEqual(error.failures[0]?.where, `${folder}/deep/data.gz`)
      })
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

  it.live("reports an invalid address", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const [reason] = yield* assertFails(folder, "http://")
        assert.include(reason, "cannot be reached")
      })
    )
  )
})
