import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Scope, Stream } from "effect"
import { HttpClient } from "effect/http"
import * as LazyHttpClient from "../../../src/pipelines/console/LazyHttpClient.ts"
import { testServer } from "../../core/datasets/TestServer.ts"

describe("the HTTP client of the commands", () => {
  it.live("streams bodies as they are, whatever their encoding", () =>
    Effect.gen(function* () {
      const bytes = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251))
      const { address, requests } = yield* testServer((_, response) => {
        response.setHeader("content-encoding", "gzip")
        response.end(bytes)
      })
      const hash = createHash("sha256")
      for (const path of ["/one", "/two"]) {
        const response = yield* HttpClient.get(`${address}${path}`)
        yield* Stream.runForEach(response.stream, (chunk) => Effect.sync(() => hash.update(chunk)))
      }
      assert.strictEqual(hash.digest("hex"), createHash("sha256").update(bytes).update(bytes).digest("hex"))
      assert.deepStrictEqual(
        requests.map(({ path }) => path),
        ["/one", "/two"]
      )
    }).pipe(Effect.provide(LazyHttpClient.layer))
  )

  it.live("closes the connection of a response that is not read, with its scope", () =>
    Effect.gen(function* () {
      const closed = yield* Deferred.make<void>()
      const { address } = yield* testServer((_, response) => {
        response.on("close", () => Effect.runSync(Deferred.succeed(closed, undefined)))
        response.write("the beginning")
      })
      const scope = yield* Scope.make()
      const client = HttpClient.withScope(yield* HttpClient.HttpClient)
      const { status } = yield* Effect.provideService(client.get(address), Scope.Scope, scope)
      assert.strictEqual(status, 200)
      yield* Scope.close(scope, Exit.void)
      yield* Effect.timeout(Deferred.await(closed), "20 seconds")
    }).pipe(Effect.provide(LazyHttpClient.layer))
  )

  it.live("fails where nothing listens", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(HttpClient.get("http://127.0.0.1:9/"))
      assert.strictEqual(error._tag, "HttpClientError")
    }).pipe(Effect.provide(LazyHttpClient.layer))
  )
})
