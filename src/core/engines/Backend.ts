/**
 * Selects the current TensorFlow.js backend, of which a process has one. An engine selects its own backend before its
 * synchronous work and never relies on an earlier selection.
 */
import "@tensorflow/tfjs-backend-cpu"
import * as tf from "@tensorflow/tfjs-core"
import { patchGradients } from "./PatchedGradients.ts"
import "#tensorflow-parts"

// Suppresses the plain backend's banner.
tf.enableProdMode()
patchGradients()

/** Selects a registered backend, immediately, because our backends are created synchronously. */
export const useBackend = (name: string): void => {
  if (tf.getBackend() !== name) void tf.setBackend(name)
}
