import { createServer } from "node:http"
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, FileSystem } from "effect"
import { testServer } from "./TestServer.ts"
import {
  content,
  file,
  half,
  sum,
  pinned,
  live,
  get,
  assertWhole,
  assertFails,
  sendAll,
  sendAndCut,
  sendRange,
  clients
} from "./DownloadFixture.ts"

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

  it.live("reports an invalid address", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const [reason] = yield* assertFails(folder, "http://")
        assert.include(reason, "cannot be reached")
      })
    )
  )
})
