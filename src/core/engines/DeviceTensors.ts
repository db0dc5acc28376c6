/**
 * The tensors resident on an engine, each until the scope in which it was placed closes.
 */
import { Effect, type Scope } from "effect"
import { EngineError, type Placed } from "../Engine.ts"
import { type HostTensor, type HostTensors, type TensorType, type TensorTypes, typesOf } from "../Tensors.ts"
import { checkTypes, checkValues } from "./InputValidation.ts"

/** An error of one engine, without empty fields. */
export const engineError = (engine: string, program: string, reason: string, cause?: unknown): EngineError =>
  new EngineError({ engine, program, reason, ...(cause === undefined ? {} : { cause }) })

/** Fails if there is a reason. */
export const failIf = (engine: string, program: string, reason: string | undefined): Effect.Effect<void, EngineError> =>
  reason === undefined ? Effect.void : Effect.fail(engineError(engine, program, reason))

/** How an engine allocates, reads and frees one tensor. */
export interface TensorMemory<Held> {
  readonly engine: string
  readonly acquire: (tensor: HostTensor) => Held
  readonly release: (held: Held) => void
  /** A copy of the current values, or an effect that reads them. */
  readonly read: (held: Held, type: TensorType) => HostTensor | Effect.Effect<HostTensor, EngineError>
  /** Serialises reads and releases with runs, for engines that cannot do them concurrently. */
  readonly exclusively?: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

export interface DeviceTensors<Held> {
  readonly place: (tensors: HostTensors) => Effect.Effect<Placed, EngineError, Scope.Scope>
  /** The resident tensors by name; fails if a declared one is missing. */
  readonly find: (
    program: string,
    kind: "state" | "data",
    declared: TensorTypes,
    placed: Placed
  ) => Effect.Effect<Map<string, Held>, EngineError>
}

export const make = <Held>({
  engine,
  acquire,
  release,
  read,
  exclusively = (effect) => effect
}: TensorMemory<Held>): DeviceTensors<Held> => {
  const all = new WeakMap<Placed, Map<string, Held>>()

  const find = (program: string, kind: string, declared: TensorTypes, placed: Placed) =>
    Effect.suspend(() => {
      const held = all.get(placed)
      const reason =
        held === undefined
          ? `the ${kind} is not resident on this engine: another engine placed it, or its scope is closed`
          : checkTypes(kind, declared, placed.types)
      return held !== undefined && reason === undefined
        ? Effect.succeed(held)
        : Effect.fail(engineError(engine, program, reason ?? ""))
    })

  const place = Effect.fnUntraced(function* (tensors: HostTensors) {
    yield* failIf(engine, "place", checkValues("tensor", tensors))
    const types = typesOf(tensors)
    const placed: Placed = {
      types,
      read: Effect.suspend(() => find("read", "state", {}, placed)).pipe(
        Effect.flatMap((held) =>
          Effect.forEach(Object.entries(types), ([name, type]) => {
            const values = read(held.get(name)!, type)
            return Effect.map(Effect.isEffect(values) ? values : Effect.succeed(values), (tensor) => [name, tensor])
          })
        ),
        Effect.map((tensors): HostTensors => Object.fromEntries(tensors)),
        exclusively
      )
    }
    const hold = Effect.sync(() => {
      const held = Object.entries(tensors).map(([name, tensor]): [string, Held] => [name, acquire(tensor)])
      all.set(placed, new Map(held))
      return placed
    })
    const letGo = Effect.sync(() => {
      all.get(placed)?.forEach(release)
      all.delete(placed)
    })
    return yield* Effect.acquireRelease(hold, () => exclusively(letGo))
  })

  return { place, find }
}
