/**
 * Loads parts of `@tensorflow/tfjs-core` outside its main module: the kernels' gradients, and operations as methods of
 * tensors (`x.square().sum()`).
 *
 * They are ES modules whose imports lack the file extension, so Node needs a hook that adds it. Operations come from the
 * main module, which saves loading 200 files. Second instances of other core modules share the registry, because
 * TensorFlow.js keeps engine, gradients and tensor class on `globalThis`. The published package contains a bundle
 * instead.
 */
import { createRequire, registerHooks } from "node:module"
import { pathToFileURL } from "node:url"

/** Types of the operations as methods. */
export type * as Methods from "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js"

const require = createRequire(import.meta.url)
const main = { ...require("@tensorflow/tfjs-core"), url: pathToFileURL(require.resolve("@tensorflow/tfjs-core")).href }

/** Whether a module is an operation of the same name, such as `ops/zeros_like`, that the main module exports. */
const isExported = (module: string): boolean => {
  const [, name] = /\/ops\/(\w+)$/.exec(module) ?? []
  return name !== undefined && typeof main[name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())] === "function"
}

const hooks = registerHooks({
  resolve: (specifier, context, next) => {
    const parent = context.parentURL ?? ""
    if (!specifier.startsWith(".") || !parent.includes("/@tensorflow/tfjs-core/dist/")) return next(specifier, context)
    const { href } = new URL(specifier, parent)
    return isExported(href)
      ? { url: main.url, format: "commonjs", shortCircuit: true }
      : { url: `${href}.js`, format: "module", shortCircuit: true }
  }
})
require("@tensorflow/tfjs-core/dist/register_all_gradients.js")
require("@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js")
hooks.deregister()
