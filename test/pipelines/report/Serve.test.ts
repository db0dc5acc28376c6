import { get, type IncomingMessage, request } from "node:http"
import { networkInterfaces } from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import { plan } from "../../../src/pipelines/plan/Plan.ts"
import { serve } from "../../../src/pipelines/report/Serve.ts"
import type { ReportData } from "../../../src/pipelines/report/ReportData.ts"
import * as Store from "../../../src/pipelines/store/RunStore.ts"
import * as Browser from "../../Browser.ts"
import { needs } from "../../machine/Capability.ts"
import { chromium } from "../../machine/Chromium.ts"
import { exp } from "../Command.ts"
import { experiment, platform, runExperiment, temporaryFolder } from "../Sandbox.ts"

/** Serves the page of the small sweep, whose runs are not made yet. */
const served = (results: string, port?: number) =>
  Effect.gen(function* () {
    const swept = experiment()
    const runs = yield* plan(swept, ({ locate }) => locate)
    return yield* serve({ experiment: swept, runs, port })
  }).pipe(Effect.provide(Store.layer(results)), Effect.provide(platform))

interface Answer {
  readonly status: number | undefined
  readonly type: string | undefined
  readonly body: string
}

/** What the server answers to a path as it stands, under a host's name. */
const ask = (url: string, path: string, options: { readonly host?: string; readonly method?: string } = {}) =>
  Effect.callback<Answer>((resume) => {
    const { host, hostname, port } = new URL(url)
    const asked = request(
      { hostname, port, path, method: options.method ?? "GET", headers: { host: options.host ?? host } },
      (response) => {
        let body = ""
        response.on("data", (chunk: Buffer) => (body += chunk.toString()))
        response.on("end", () =>
          resume(Effect.succeed({ status: response.statusCode, type: response.headers["content-type"], body }))
        )
      }
    )
    asked.end()
  })

/** The data that the server sends, as it comes. */
const listen = (url: string) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly response: IncomingMessage; readonly seen: Array<ReportData> }>((resume) => {
      get(`${url}events`, (response) => {
        const seen: Array<ReportData> = []
        let text = ""
        response.on("data", (chunk: Buffer) => {
          text += chunk.toString()
          const messages = text.split("\n\n")
          text = messages.pop()!
          for (const message of messages) seen.push(JSON.parse(message.replace(/^data: /, "")))
        })
        response.on("error", () => {})
        resume(Effect.succeed({ response, seen }))
      })
    }),
    ({ response }) => Effect.sync(() => response.destroy())
  )

const until = Effect.fnUntraced(function* (holds: () => boolean) {
  for (let tries = 0; tries < 600 && !holds(); tries++) yield* Effect.sleep(100)
  assert.isTrue(holds())
})

describe("Serve", () => {
  it.live("answers to its own address alone, with the page and its parts alone", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      yield* runExperiment(experiment(), results)
      const { url } = yield* served(results)
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/)
      const { port } = new URL(url)
      const page = yield* ask(url, "/")
      assert.strictEqual(page.status, 200)
      assert.strictEqual(page.type, "text/html; charset=utf-8")
      assert.include(page.body, "connect-src 'self'")
      const runtime = yield* ask(url, "/report/runtime.js")
      assert.strictEqual(runtime.type, "text/javascript; charset=utf-8")
      assert.isAbove(runtime.body.length, 1e6)
      const status = (path: string, options?: Parameters<typeof ask>[2]) =>
        Effect.map(ask(url, path, options), (answer) => answer.status)
      assert.strictEqual(yield* status("/", { host: `localhost:${port}` }), 200)
      for (const host of [
        `evil.example:${port}`,
        "127.0.0.1",
        `127.0.0.1.evil.example:${port}`,
        `localhost:1${port}`
      ]) {
        assert.strictEqual(yield* status("/", { host }), 421, host)
        assert.strictEqual(yield* status("/events", { host }), 421, host)
      }
      for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
        assert.strictEqual(yield* status("/", { method }), 405, method)
      }
      for (const path of [
        "/summary.json",
        "/report/",
        "/report/../summary.json",
        "/report/..%2Fsummary.json",
        "/report/runtime.js/../../summary.json",
        "/report/model-x.js%00.gif",
        "//report/runtime.js",
        "/report.html"
      ]) {
        assert.strictEqual(yield* status(path), 404, path)
      }
      // By no other of this machine's addresses.
      for (const { address, family, internal } of Object.values(networkInterfaces()).flatMap((found) => found ?? [])) {
        if (internal || family !== "IPv4") continue
        const reached = yield* Effect.promise(() =>
          fetch(`http://${address}:${port}/`).then(
            () => true,
            () => false
          )
        )
        assert.isFalse(reached, address)
      }
    })
  )

  it.live("says what is new as runs go on, with their parts there; and when nobody looks any more", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const { finish, untilLeft, url } = yield* served(results)
      const { response, seen } = yield* listen(url)
      yield* until(() => seen.length === 1)
      assert.deepStrictEqual(
        seen[0]!.runs.map(({ status }) => status),
        ["planned", "planned"]
      )
      const left = yield* Effect.forkChild(untilLeft)
      yield* runExperiment(experiment(), results)
      yield* finish
      yield* until(() => seen.at(-1)!.runs.every(({ model, status }) => status === "done" && model !== undefined))
      const last = seen.at(-1)!
      assert.isTrue(last.live)
      assert.deepStrictEqual(
        last.figures.map(({ name }) => name),
        ["curves", "rate-distortion"]
      )
      assert.strictEqual((yield* ask(url, `/report/${last.runs[1]!.model!.decoder}.js`)).status, 200)
      // Nothing new, no message.
      const count = seen.length
      yield* Effect.sleep(2500)
      assert.strictEqual(seen.length, count)
      assert.isUndefined(left.pollUnsafe())
      response.destroy()
      yield* Fiber.join(left)
    })
  )

  it.live("the command serves while it runs, and ends when its runs have ended and nobody looks", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      let asked: Promise<Response> | undefined
      const ended = yield* Effect.promise(() =>
        exp("./test/pipelines/commands/SmallExperiment.ts", results, ["--watch"], {
          onOutput: (output) => {
            const url = /live report: (http:\S+)/.exec(output)?.[1]
            if (url !== undefined) asked ??= fetch(url)
          }
        })
      )
      assert.strictEqual(ended.code, 0, ended.output)
      const page = yield* Effect.promise(() => asked!)
      assert.include(yield* Effect.promise(() => page.text()), "<title>small</title>")
      const refused = yield* Effect.promise(() =>
        exp("./test/pipelines/commands/SmallExperiment.ts", results, ["--watch", "--port", "70000"])
      )
      assert.strictEqual(refused.code, 2)
      assert.include(refused.output, "--port 70000: give an integer from 1 to 65535")
    })
  )

  it.live("refuses a port that another program has", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const { url } = yield* served(results)
      const exit = yield* Effect.exit(Effect.scoped(served(results, Number(new URL(url).port))))
      assert.isTrue(Exit.isFailure(exit))
      assert.match(String(Exit.isFailure(exit) && exit.cause), /the port is in use.*--port/)
    })
  )

  describe("in a browser", needs(chromium), () => {
    it.live("the page renews itself as runs go on", () =>
      Effect.gen(function* () {
        const results = yield* temporaryFolder
        const { url } = yield* served(results)
        const { offences, page } = yield* Browser.open(url, { mayAskFor: (address) => address.startsWith(url) })
        const statuses = Effect.promise(() => page.locator("tbody tr").allTextContents())
        const waitFor = Effect.fnUntraced(function* (word: string) {
          let found = yield* statuses
          for (let tries = 0; tries < 600 && !found.every((row) => row.includes(word)); tries++) {
            yield* Effect.sleep(100)
            found = yield* statuses
          }
          for (const row of found) assert.include(row, word)
        })
        yield* waitFor("planned")
        yield* runExperiment(experiment(), results)
        yield* waitFor("done")
        yield* Effect.promise(() => page.waitForSelector("#sweep svg"))
        yield* Effect.promise(() => page.locator("#play").scrollIntoViewIfNeeded())
        yield* Effect.promise(() => page.waitForSelector(".strip canvas"))
        assert.deepStrictEqual(offences, { errors: [], requests: [] })
      })
    )
  })
})
