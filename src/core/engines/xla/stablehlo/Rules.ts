/**
 * How each operator of a graph is written in StableHLO, by its name. More come as one rule more in this folder.
 */
import type { Rule } from "../Emitter.ts"
import { elementwise } from "./Elementwise.ts"
import { images } from "./Images.ts"
import { indexing } from "./Indexing.ts"
import { movement } from "./Movement.ts"
import { products } from "./Products.ts"
import { reductions } from "./Reductions.ts"

export const rules: Readonly<Record<string, Rule>> = {
  ...elementwise,
  ...images,
  ...indexing,
  ...movement,
  ...products,
  ...reductions
}
