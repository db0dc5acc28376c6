/**
 * Log messages as a person reads them: one plain line to standard error, marked where something is amiss.
 */
import { type Layer, Logger } from "effect"

const marks: Readonly<Record<string, string>> = { Warn: "warning: ", Error: "error: ", Fatal: "error: " }

/** On a terminal the line takes the place of the renewed progress lines, which are drawn again below it. */
const plain = (terminal: boolean) =>
  Logger.withConsoleError(
    Logger.make<unknown, string>(({ logLevel, message }) => {
      const text = (Array.isArray(message) ? message : [message]).map(String).join(" ")
      return `${terminal ? "\r\u001b[0J" : ""}${marks[logLevel] ?? ""}${text}`
    })
  )

/** Replaces Effect's own logger. */
export const layer: Layer.Layer<never> = Logger.layer([plain(process.stderr.isTTY === true)])
