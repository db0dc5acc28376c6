/** A program has something for which no machine code is made; raised while a graph is planned, and never leaves the engine. */
export class Unsupported extends Error {
  override readonly name = "Unsupported"
}
