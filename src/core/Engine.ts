/**
 * The contract of engines, which run pure programs of TensorFlow.js operations.
 *
 * Laws:
 * - Engines differ in speed, never in meaning: for equal arguments every engine gives the reference engine's results
 *   to a relative error of 1e-4, with equal shapes and element types.
 * - A program may only use its arguments and constants. Noise is an argument.
 * - Sessions and device memory belong to the Scope in which they were acquired.
 */
import { Context, Effect, Schema, type Scope } from "effect"
import type { HostTensors, Tensors, TensorTypes } from "./Tensors.ts"

/** An engine cannot run a program. */
export class EngineError extends Schema.TaggedError<EngineError>()("EngineError", {
  engine: Schema.String,
  program: Schema.String,
  /** One sentence: what failed, with which value, and what is allowed. */
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${this.engine} cannot run "${this.program}": ${this.reason}`
  }
}

/** The arguments of a program. */
export interface Arguments {
  /** Resident tensors that the program may replace. */
  readonly state: Tensors
  /** Resident tensors that never change, such as a whole dataset. */
  readonly data: Tensors
  /** Tensors passed with each call. */
  readonly inputs: Tensors
}

/** The results of a program. */
export interface Results {
  /** New values for some or all of the state, by name. */
  readonly state?: Tensors
  /** Tensors returned to the caller. */
  readonly outputs: Tensors
}

/** A pure, synchronous function from tensors to tensors, with a name for messages. */
export interface Program {
  readonly name: string
  readonly run: (args: Arguments) => Results
}

/** The types of a program's arguments. */
export interface Signature {
  readonly state: TensorTypes
  readonly data: TensorTypes
  readonly inputs: TensorTypes
}

/** Tensors resident on an engine. Their values change when an executable replaces them as state. */
export interface Placed {
  readonly types: TensorTypes
  /** A copy of the current values. */
  readonly read: Effect.Effect<HostTensors, EngineError>
}

/** The arguments of an executable. `state` and `data` may contain more tensors than the program uses. */
export interface ExecutableArguments {
  readonly state: Placed
  readonly data: Placed
  readonly inputs: HostTensors
}

/** A program compiled for one signature. */
export interface Executable {
  /** Runs the program, replaces the state it returns, and returns its outputs, which the caller owns. */
  readonly run: (args: ExecutableArguments) => Effect.Effect<HostTensors, EngineError>
  /**
   * Starts the program, replaces the state, and gives an effect that awaits the outputs, so that a device need not wait
   * for the host between runs. An engine reads the outputs of runs that were submitted one after the other together, when
   * the first of them is awaited. Absent where a run is over when it returns.
   */
  readonly submit?: (args: ExecutableArguments) => Effect.Effect<Outputs, EngineError>
}

/** Outputs of a run that was submitted. */
export type Outputs = Effect.Effect<HostTensors, EngineError>

/** Runs whose outputs are awaited together, at most. */
export const mostSubmitted = 32

/** Submits a run, on any engine. */
export const submit = (executable: Executable, args: ExecutableArguments): Effect.Effect<Outputs, EngineError> =>
  executable.submit?.(args) ?? Effect.map(executable.run(args), Effect.succeed)

export class Engine extends Context.Service<
  Engine,
  {
    /** Engine, device, threads and version, as the manifest records them. */
    readonly spec: { readonly _tag: string; readonly device: string; readonly [key: string]: string | number }
    /** Makes tensors resident until the scope closes. The engine may keep the given arrays instead of copying them. */
    readonly place: (tensors: HostTensors) => Effect.Effect<Placed, EngineError, Scope.Scope>
    readonly compile: (program: Program, signature: Signature) => Effect.Effect<Executable, EngineError, Scope.Scope>
  }
>()("vae/core/Engine") {}
