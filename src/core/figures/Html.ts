/**
 * Escapes text and data for an HTML document.
 *
 * Law: escaped values cannot end an element or start another, whatever they contain.
 */
import type { Json } from "../Spec.ts"

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

/** Escapes text for the content of an element or of a quoted attribute. */
export const text = (value: string): string => value.replace(/[&<>"']/g, (sign) => entities[sign]!)

/** Encodes a value for a `script` of type `application/json`: no `<` that could end the element. */
export const json = (value: Json): string => JSON.stringify(value).replace(/</g, "\\u003c")

/** Escapes JavaScript for a `script` element. String literals that contain an end tag keep their value. */
export const script = (source: string): string => source.replace(/<\/(script)/gi, "<\\/$1").replace(/<!--/g, "<\\!--")
