/**
 * Text and data inside an HTML document.
 *
 * Law: whatever they hold, they stay text and data: nothing in them ends an element or starts another.
 */
import type { Json } from "../Spec.ts"

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

/** A text as the content of an element or of an attribute in quotes. */
export const text = (value: string): string => value.replace(/[&<>"']/g, (sign) => entities[sign]!)

/** A value as the content of a `script` of the type `application/json`: no `<` is left that could end the element. */
export const json = (value: Json): string => JSON.stringify(value).replace(/</g, "\\u003c")

/** A program as the content of a `script`. A string in it that holds an end tag keeps its meaning. */
export const script = (source: string): string => source.replace(/<\/(script)/gi, "<\\/$1").replace(/<!--/g, "<\\!--")
