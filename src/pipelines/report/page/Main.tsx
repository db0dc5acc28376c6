/**
 * Renders the report's data, and updates it if the page is served.
 */
import { Effect, Schema } from "effect"
import { render } from "preact"
import { codec, type ReportData } from "../ReportData.ts"
import { App } from "./App.tsx"
import * as Networks from "./Networks.ts"

const place = document.getElementById("app")!

/** Whether the live server has ended. */
let left = false

const show = (data: ReportData): void => {
  render(<App data={data} left={left} />, place)
  document.body.dataset["drawn"] = "true"
}

const decoded = (json: string) => Schema.decodeUnknownEffect(codec)(JSON.parse(json))

let present: ReportData | undefined

const start = Effect.gen(function* () {
  present = yield* decoded(document.getElementById("data")!.textContent)
  // Removes the static text that was shown while loading.
  place.replaceChildren()
  show(present)
})

/** Renders new data when the server sends it. */
const follow = (): void => {
  const source = new EventSource("events")
  const tell = (now: boolean) => () => {
    left = now
    if (present !== undefined) show(present)
  }
  source.addEventListener("open", tell(false))
  source.addEventListener("error", tell(true))
  source.addEventListener("message", ({ data }: MessageEvent<string>) =>
    Effect.runFork(
      Effect.map(decoded(data), (next) => {
        present = next
        show(next)
      })
    )
  )
}

const runOf = (id: string) => {
  const found = present?.runs.find((run) => run.id === id)
  return found === undefined ? Effect.die(new Error(`there is no run ${id}`)) : Effect.succeed(found)
}

// For the browser's console: unrounded outputs of the networks.
Object.assign(globalThis, {
  effectVae: {
    decode: (id: string, codes: ReadonlyArray<number>, label = 0) =>
      Effect.runPromise(Effect.flatMap(runOf(id), (run) => Networks.decode(run, Float32Array.from(codes), label))),
    encode: (id: string, image: ReadonlyArray<number>, label = 0) =>
      Effect.runPromise(Effect.flatMap(runOf(id), (run) => Networks.encode(run, Float32Array.from(image), label)))
  }
})

Effect.runSync(start)
if (present?.live === true) follow()
