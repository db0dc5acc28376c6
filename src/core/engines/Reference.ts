/**
 * The reference engine: runs a program eagerly on TensorFlow.js's plain CPU backend. Slow and simple; the other engines
 * are tested against it.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Layer } from "effect"
import { Engine } from "../Engine.ts"
import * as Eager from "./Eager.ts"

/** Provides the reference engine. */
export const layer: Layer.Layer<Engine> = Layer.succeed(Engine, {
  spec: { _tag: "Reference", device: "cpu", threads: 1, version: tf.version_core },
  ...Eager.make("reference", "cpu")
})
