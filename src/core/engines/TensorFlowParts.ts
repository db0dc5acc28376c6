/**
 * Loads parts of `@tensorflow/tfjs-core` outside its main module: the kernels' gradients, and operations as methods of
 * tensors (`x.square().sum()`).
 *
 * They are ES modules whose imports lack the file extension, so Node needs a hook that adds it. They load second
 * instances of some core modules, but share the registry, because TensorFlow.js keeps engine, gradients and tensor
 * class on `globalThis`. The published package contains a bundle instead.
 */
import { createRequire, registerHooks } from "node:module"

/** Types of the operations as methods. */
export type * as Methods from "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js"

const require = createRequire(import.meta.url)

const hooks = registerHooks({
  resolve: (specifier, context, next) => {
    const parent = context.parentURL ?? ""
    return specifier.startsWith(".") && parent.includes("/@tensorflow/tfjs-core/dist/")
      ? { url: new URL(`${specifier}.js`, parent).href, format: "module", shortCircuit: true }
      : next(specifier, context)
  }
})
require("@tensorflow/tfjs-core/dist/register_all_gradients.js")
require("@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js")
hooks.deregister()
