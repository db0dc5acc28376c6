/**
 * Serves a live report while runs train: on the loopback address only, updated as epochs end.
 *
 * Laws: only requests with this address as their Host header are answered, which prevents DNS rebinding; only the page
 * and its assets are served; the server is read-only.
 */
import { createServer } from "node:http"
import { Effect, FileSystem, Option, Path, Ref, Runtime, Schema, type Scope, Stream, SubscriptionRef } from "effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { DatasetPlatform } from "../../core/Dataset.ts"
import type { Experiment } from "../../core/Experiment.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import { RunStore } from "../store/RunStore.ts"
import type { StoreError } from "../files/StoreError.ts"
import { type CollectedReport, collect } from "./CollectReport.ts"
import * as AssetName from "./AssetName.ts"
import { codec } from "./ReportData.ts"
import * as WriteReport from "./WriteReport.ts"

/** The port cannot be bound. */
export class ServeError extends Schema.TaggedError<ServeError>()("ServeError", {
  port: Schema.Int,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return `the report cannot be served on port ${this.port}: the port is in use or not permitted; choose another with --port, or omit --port for a free one`
  }
}

/** A running report server. */
export interface ReportServer {
  readonly url: string
  /** Updates the report once more, after the runs have ended. */
  readonly finish: Effect.Effect<void>
  /** Waits until no browser has the page open. */
  readonly untilLeft: Effect.Effect<void>
}

const loopback = "127.0.0.1"

const headers = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  // Other sites may neither load an asset as a script nor embed the page.
  "cross-origin-resource-policy": "same-origin",
  "x-frame-options": "DENY"
}

const refusal = (status: number, text: string) => HttpServerResponse.text(`${text}\n`, { status, headers })

const contentTypes: Readonly<Record<string, string>> = { js: "text/javascript; charset=utf-8", gif: "image/gif" }

/** The response for an asset; other names are not found. */
const partOf = Effect.fnUntraced(function* (folder: string, name: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  if (!AssetName.isAsset(name) || !/^[A-Za-z0-9._-]+$/.test(name)) return refusal(404, "There is no such part.")
  const content = yield* Effect.option(fs.readFile(join(folder, name)))
  if (Option.isNone(content)) return refusal(404, "There is no such part.")
  const contentType = contentTypes[name.slice(name.lastIndexOf(".") + 1)]!
  return HttpServerResponse.uint8Array(content.value, { contentType, headers })
})

/** How often the runs' folders are polled. */
const pause = "1 second"

/** How long a page may be disconnected while it reloads. */
const patience = "4 seconds"

export interface ServeOptions {
  readonly experiment: Experiment<any>
  readonly runs: ReadonlyArray<PlannedRun>
  /** Default: one that is free. */
  readonly port: number | undefined
}

/** Serves the report until the scope closes. */
export const serve = Effect.fn("Serve.serve")(function* (
  options: ServeOptions
): Effect.fn.Return<ReportServer, ServeError | StoreError, RunStore | DatasetPlatform | Scope.Scope> {
  const { experiment, port = 0, runs } = options
  const store = yield* RunStore
  const experimentFolder = yield* store.experiment(experiment.name)
  const { directory } = experimentFolder
  const folder = (yield* Path.Path).join(directory, AssetName.folder)

  const look = Effect.fnUntraced(function* (ended: boolean) {
    const summary = ended ? yield* experimentFolder.summary : Option.none()
    const rows = Option.isSome(summary) ? summary.value.runs : []
    return yield* collect({ experiment, runs, rows, live: true })
  })
  const textOf = ({ data }: CollectedReport) =>
    Effect.map(Effect.orDie(Schema.encodeEffect(codec)(data)), (json) => JSON.stringify(json))

  const first = yield* look(false)
  const present = yield* Ref.make(first)
  const news = yield* SubscriptionRef.make(yield* textOf(first))
  const watchers = yield* Ref.make(0)

  const renew = Effect.fnUntraced(function* (ended: boolean) {
    const found = yield* look(ended)
    const before = (yield* Ref.get(present)).data
    // The time of polling is not a change.
    const next = { ...found, data: { ...found.data, made: before.made } }
    const text = yield* textOf(next)
    if (text === (yield* SubscriptionRef.get(news))) return
    // Assets first, so that they exist when the page requests them.
    yield* WriteReport.writeAssets(directory, next)
    yield* Ref.set(present, next)
    yield* SubscriptionRef.set(news, text)
  })
  const context = yield* Effect.context<RunStore | DatasetPlatform>()
  const renewed = (ended: boolean) =>
    renew(ended).pipe(
      Effect.catch((error) => Effect.logWarning(`the page is not renewed: ${error.message}`)),
      Effect.asVoid,
      Effect.provideContext(context)
    )

  const events = Stream.unwrap(
    Effect.as(
      Effect.acquireRelease(
        Ref.update(watchers, (count) => count + 1),
        () => Ref.update(watchers, (count) => count - 1)
      ),
      SubscriptionRef.changes(news)
    )
  ).pipe(Stream.map((text) => new TextEncoder().encode(`data: ${text}\n\n`)))

  // Loaded here, because most commands serve nothing.
  const NodeHttpServer = yield* Effect.promise(() => import("@effect/platform-node/NodeHttpServer"))
  const server = yield* Effect.mapError(
    NodeHttpServer.make(() => createServer(), { host: loopback, port, gracefulShutdownTimeout: 0 }),
    (cause) => new ServeError({ port, cause })
  )
  const bound = server.address._tag === "UnixPathAddress" ? port : server.address.port
  const hosts = [loopback, "localhost", "[::1]"].map((name) => `${name}:${bound}`)

  const answer = Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const path = request.url.split("?")[0]!
    if (!hosts.includes(request.headers["host"] ?? "")) return refusal(421, "This server has another name.")
    if (request.method !== "GET") return refusal(405, "Nothing can be changed here.")
    if (path === "/") {
      const html = yield* WriteReport.documentOf(yield* Ref.get(present))
      return HttpServerResponse.text(html, { contentType: "text/html; charset=utf-8", headers })
    }
    if (path === "/events") return HttpServerResponse.stream(events, { contentType: "text/event-stream", headers })
    const part = /^\/report\/([^/]+)$/.exec(path)?.[1]
    return part === undefined ? refusal(404, "There is no such page.") : yield* partOf(folder, part)
  }).pipe(
    Effect.catch((error) =>
      Effect.as(Effect.logWarning(`the page is not served: ${error.message}`), refusal(500, "The page cannot be made."))
    )
  )

  yield* WriteReport.writeAssets(directory, first).pipe(
    Effect.catch((error) => Effect.logWarning(`the page is not whole: ${error.message}`))
  )
  yield* server.serve(answer)
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(pause), renewed(false))))
  return {
    url: `http://${loopback}:${bound}/`,
    finish: renewed(true),
    untilLeft: Effect.gen(function* () {
      while ((yield* Ref.get(watchers)) > 0) {
        while ((yield* Ref.get(watchers)) > 0) yield* Effect.sleep(pause)
        yield* Effect.sleep(patience)
      }
    })
  }
})
