/**
 * A real browser for tests of pages: Chromium, where one is installed.
 */
import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"
import { Effect } from "effect"
import { chromium, type Page } from "playwright-core"

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Path of the browser; undefined where there is none. */
export const executable = (process.env["PATH"] ?? "")
  .split(delimiter)
  .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => join(folder, name)))
  .find(isExecutable)

/** Why tests of pages are skipped, as part of a suite's title; empty where they are not. */
export const missing =
  executable === undefined
    ? " (skipped: no chromium on the PATH; apt-get install --no-install-recommends chromium)"
    : ""

// Not every reporter names what is skipped.
if (executable === undefined) console.warn(`Tests of pages in a browser are left out${missing}`)

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
  /** Addresses beyond the file itself and what is inside it. */
  readonly requests: Array<string>
}

/** Opens a file in a browser that closes with the scope. */
export const open = Effect.fnUntraced(function* (path: string) {
  const browser = yield* Effect.acquireRelease(
    Effect.promise(() => chromium.launch({ executablePath: executable!, headless: true, args: flags })),
    (browser) => Effect.promise(() => browser.close())
  )
  const page: Page = yield* Effect.promise(() => browser.newPage({ viewport: { width: 1000, height: 800 } }))
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
    if (!/^(?:data|blob):/.test(request.url()) && request.url() !== `file://${path}`) {
      offences.requests.push(request.url())
    }
  })
  yield* Effect.promise(() => page.goto(`file://${path}`))
  yield* Effect.promise(() => page.waitForSelector("body[data-drawn]", { timeout: 60_000 }))
  return { page, offences }
})
