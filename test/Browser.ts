/**
 * Opens pages in a real browser: Chromium, which a suite `needs`.
 */
import { Effect, RcRef, Scope } from "effect"
import { type Browser, chromium, type Page } from "playwright-core"
import * as Chromium from "./machine/Chromium.ts"

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // WebGL without a graphics card.
  "--enable-unsafe-swiftshader"
]

/** What a page did that it should not. */
export interface Offences {
  readonly errors: Array<string>
  /** Addresses beyond the file itself, what is inside it, and what it may ask for. */
  readonly requests: Array<string>
}

export interface OpenOptions {
  /** What the page may ask for; default: nothing. */
  readonly mayAskFor?: (address: string) => boolean
  readonly viewport?: { readonly width: number; readonly height: number }
  readonly colorScheme?: "light" | "dark"
  /** A program that runs in the page before its own, whatever the page allows. */
  readonly program?: string
}

/** One browser for all pages, which closes a while after the last of them. */
const browser: RcRef.RcRef<Browser> = Effect.runSync(
  RcRef.make({
    acquire: Effect.acquireRelease(
      Effect.promise(() => chromium.launch({ executablePath: Chromium.chromium.value!, headless: true, args: flags })),
      (browser) => Effect.promise(() => browser.close())
    ),
    idleTimeToLive: "3 seconds"
  }).pipe(Scope.provide(Scope.makeUnsafe()))
)

/** Opens a file, or an address, in a context of its own, which closes with the scope. */
export const open = Effect.fnUntraced(function* (path: string, options: OpenOptions = {}) {
  const address = path.startsWith("/") ? `file://${path}` : path
  const shared = yield* RcRef.get(browser)
  const context = yield* Effect.acquireRelease(
    Effect.promise(() =>
      shared.newContext({
        viewport: options.viewport ?? { width: 1000, height: 800 },
        colorScheme: options.colorScheme ?? "light",
        acceptDownloads: true
      })
    ),
    (context) => Effect.promise(() => context.close())
  )
  const page: Page = yield* Effect.promise(() => context.newPage())
  if (options.program !== undefined) yield* Effect.promise(() => page.addInitScript(options.program!))
  const offences: Offences = { errors: [], requests: [] }
  page.on("console", (message) => {
    if (message.type() === "error") offences.errors.push(message.text())
  })
  page.on("pageerror", (error) => offences.errors.push(String(error)))
  page.on("dialog", (dialog) => {
    offences.errors.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on("request", (request) => {
    const asked = request.url()
    if (!/^(?:data|blob):/.test(asked) && asked !== address && options.mayAskFor?.(asked) !== true) {
      offences.requests.push(asked)
    }
  })
  yield* Effect.promise(() => page.goto(address))
  yield* Effect.promise(() => page.waitForSelector("body[data-drawn]", { timeout: 60_000 }))
  return { page, offences }
})
