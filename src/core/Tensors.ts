/**
 * Names, types and host copies of the tensors that enter and leave an engine.
 *
 * Inside a program a tensor is a TensorFlow.js tensor; outside it is a `HostTensor`, a typed array with a shape.
 * A collection of tensors is one flat record; a name is a path such as `encoder/dense1/kernel`.
 */
import type * as tf from "@tensorflow/tfjs-core"

/**
 * Element types of tensors that enter or leave an engine. Inside a program `uint8` data appears as TensorFlow.js
 * `int32`.
 */
export type DType = "float32" | "int32" | "uint8"

/** Sizes of the axes, outermost first. */
export type Shape = ReadonlyArray<number>

/** Shape and element type of a tensor. */
export interface TensorType {
  readonly shape: Shape
  readonly dtype: DType
}

/** Values in row-major order, with their type. */
export interface HostTensor extends TensorType {
  readonly values: Float32Array | Int32Array | Uint8Array
}

export type Tensors = Readonly<Record<string, tf.Tensor>>
export type TensorTypes = Readonly<Record<string, TensorType>>
export type HostTensors = Readonly<Record<string, HostTensor>>

/** Number of elements of a shape; 1 for a scalar. */
export const sizeOf = (shape: Shape): number => shape.reduce((size, length) => size * length, 1)

/** A `float32` host tensor. */
export const float32 = (shape: Shape, values: Float32Array): HostTensor => ({ shape, dtype: "float32", values })

/** An `int32` host tensor. */
export const int32 = (shape: Shape, values: Int32Array): HostTensor => ({ shape, dtype: "int32", values })

/** A `uint8` host tensor. */
export const uint8 = (shape: Shape, values: Uint8Array): HostTensor => ({ shape, dtype: "uint8", values })

/** The types of a record of tensors, without their values. */
export const typesOf = (tensors: TensorTypes): TensorTypes =>
  Object.fromEntries(Object.entries(tensors).map(([name, { shape, dtype }]) => [name, { shape, dtype }]))

/** The entries whose names begin with `prefix`, without it. */
export const under = <A>(prefix: string, record: Readonly<Record<string, A>>): Record<string, A> =>
  Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : []
    )
  )

/** The same entries with `prefix` before each name. */
export const prefixed = <A>(prefix: string, record: Readonly<Record<string, A>>): Record<string, A> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [prefix + name, value]))
