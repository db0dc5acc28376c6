/**
 * Log messages for a terminal: one plain line on standard error, prefixed with `warning:` or `error:`.
 */
import { type Layer, Logger } from "effect"

const marks: Readonly<Record<string, string>> = { Warn: "warning: ", Error: "error: ", Fatal: "error: " }

/** On a terminal the line overwrites the progress bars, which are redrawn below it. */
const plain = (terminal: boolean) =>
  Logger.withConsoleError(
    Logger.make<unknown, string>(({ logLevel, message }) => {
      const text = (Array.isArray(message) ? message : [message]).map(String).join(" ")
      return `${terminal ? "\r\u001b[0J" : ""}${marks[logLevel] ?? ""}${text}`
    })
  )

/** Replaces Effect's own logger. */
export const layer: Layer.Layer<never> = Logger.layer([plain(process.stderr.isTTY === true)])
