/**
 * TensorFlow.js keeps one current backend for the whole process. An engine sets its own right before its own synchronous
 * work and never relies on what was set before.
 */
import "@tensorflow/tfjs-backend-cpu"
import * as tf from "@tensorflow/tfjs-core"
import { patchGradients } from "./PatchedGradients.ts"
import "#tensorflow-parts"

// Keeps the plain backend from printing a banner at its first use.
tf.enableProdMode()
patchGradients()

/** Makes a registered backend the current one. Takes effect at once, because our backends are made synchronously. */
export const useBackend = (name: string): void => {
  if (tf.getBackend() !== name) void tf.setBackend(name)
}
