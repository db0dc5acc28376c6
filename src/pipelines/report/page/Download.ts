/**
 * Downloads and the clipboard.
 */
import { Effect } from "effect"

/** Saves content under a name. */
export const save = (name: string, content: Blob): void => {
  const address = URL.createObjectURL(content)
  const link = document.createElement("a")
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}

/** Saves a data URI, such as a PNG's, under a name. */
export const saveDataUri = (name: string, uri: string): void => {
  const [head = "", body = ""] = uri.split(",")
  const bytes = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0))
  save(name, new Blob([bytes], { type: /^data:([^;]+)/.exec(head)?.[1] ?? "application/octet-stream" }))
}

/** Copies a text to the clipboard; returns whether it worked. */
export const copy = (text: string): Effect.Effect<boolean> =>
  Effect.tryPromise(() => navigator.clipboard.writeText(text)).pipe(
    Effect.as(true),
    // The clipboard interface may be missing on file: pages.
    Effect.catch(() =>
      Effect.sync(() => {
        const area = document.createElement("textarea")
        area.value = text
        area.style.position = "fixed"
        document.body.append(area)
        area.select()
        const copied = document.execCommand("copy")
        area.remove()
        return copied
      })
    )
  )
