/** A program has an operator without machine code. Raised while a graph is planned; it never leaves the engine. */
export class Unsupported extends Error {
  override readonly name = "Unsupported"
}
