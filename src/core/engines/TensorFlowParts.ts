/**
 * Parts of TensorFlow.js that `@tensorflow/tfjs-core` publishes apart from its main module: the gradients of the kernels,
 * and operations as methods of tensors (`x.square().sum()`).
 *
 * They are ES modules whose imports have no file extension: a bundler resolves them, Node does not, so a hook adds the
 * extension while they load. A second instance of some of the core's modules comes with them, but not a second registry:
 * TensorFlow.js keeps its engine, gradients and tensor class on `globalThis`. The published package has a bundle instead.
 */
import { createRequire, registerHooks } from "node:module"

/** Types of the operations that are methods. */
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
