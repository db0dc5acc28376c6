/**
 * The HTTP client of the commands, which is loaded at the first request: most commands make none.
 */
import { Context, Effect, Layer } from "effect"
import { FetchHttpClient, HttpClient, type HttpClientRequest } from "effect/http"

const undici = Layer.effect(
  HttpClient.HttpClient,
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const loaded = yield* Effect.cached(
      Effect.promise(() => import("@effect/platform-node/NodeHttpClient")).pipe(
        Effect.flatMap(({ layerUndici }) => Layer.buildWithScope(layerUndici, scope)),
        Effect.map((context) => Context.get(context, HttpClient.HttpClient))
      )
    )
    return HttpClient.makeWith(
      (request) => Effect.flatMap(loaded, (client) => client.postprocess(request)),
      Effect.succeed<HttpClientRequest.HttpClientRequest>
    )
  })
)

/** Undici, or `fetch` on Bun, whose undici lacks functions that the client uses. */
export const layer: Layer.Layer<HttpClient.HttpClient> = "bun" in process.versions ? FetchHttpClient.layer : undici
