/**
 * An engine for runs that train at the same time: a program that all of them ask for is executed once, for all.
 *
 * Each run has a lane, an engine of its own, on which it places its state, compiles and executes as if it were alone. An
 * execution begins when every lane that has not left waits for one. Lanes that wait for different programs, because one of
 * them was resumed from another step, take turns: the program that was compiled first goes first, so that lanes that are
 * behind catch up; the state of the others is masked.
 *
 * Laws: a lane's results are those of its own programs, to a relative error of 1e-4, whatever the other lanes compute;
 * at most half of what is executed belongs to lanes that have left. Lanes have the same data, and programs that differ in
 * numbers only. A program without state is executed for its lane alone.
 */
import { Deferred, Effect, Exit, Record, Scope } from "effect"
import {
  type Engine,
  EngineError,
  type Executable,
  type ExecutableArguments,
  type Outputs,
  type Placed,
  type Program,
  type Signature,
  submit
} from "./Engine.ts"
import * as SharedData from "./SharedData.ts"
import * as Stack from "./Stack.ts"
import { float32, type HostTensors, typesOf } from "./Tensors.ts"

/** One run's view of the engine. */
export interface Lane {
  readonly engine: Engine["Service"]
  /** The other lanes no longer wait for this one. */
  readonly leave: Effect.Effect<void>
}

/** An execution that a lane waits for. */
interface Call {
  /** Name and signature of the program. */
  readonly key: string
  readonly program: string
  readonly state: LaneTensors
  readonly data: LaneTensors
  readonly inputs: HostTensors
  readonly outputs: Deferred.Deferred<Outputs, EngineError>
}

interface Member {
  call: Call | undefined
  hasLeft: boolean
  /** The lane's own programs. */
  readonly programs: Map<string, Program>
}

/** What a lane has placed. Values of a state that is part of the stack are not on the host. */
interface LaneTensors extends Placed {
  host: HostTensors | undefined
}

/** The lanes whose states are stacked, in order. */
interface Stacked {
  readonly members: ReadonlyArray<Member>
  readonly states: ReadonlyArray<LaneTensors>
  readonly placed: Placed
  readonly scope: Scope.Closeable
  readonly executables: Map<string, { readonly programs: ReadonlyArray<Program>; readonly executable: Executable }>
  /** All states; read once until they change. */
  read: Effect.Effect<HostTensors, EngineError>
}

/** The lanes' tensors as one; those of a single lane are as they are. */
const joined = (lanes: ReadonlyArray<HostTensors>): HostTensors => (lanes.length === 1 ? lanes[0]! : Stack.join(lanes))

const partOf = ({ members }: Stacked, tensors: HostTensors, lane: number): HostTensors =>
  members.length === 1 ? tensors : Stack.part(tensors, lane)

const failure = (engine: Engine["Service"], program: string, reason: string): EngineError =>
  new EngineError({ engine: engine.spec._tag, program, reason })

/** Lanes for `runs` runs on an engine, all of which the first execution waits for. */
export const make = Effect.fn("StackedEngine.make")(function* (
  engine: Engine["Service"],
  runs: number
): Effect.fn.Return<ReadonlyArray<Lane>, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const members = Array.from({ length: runs }, (): Member => ({ call: undefined, hasLeft: false, programs: new Map() }))
  /** Programs by key, in the order in which they were compiled first. */
  const signatures = new Map<string, Signature>()
  let stack: Stacked | undefined
  let isExecuting = false

  const shared = SharedData.make(engine, scope)

  /** Takes the states off the engine. */
  const unstack = Effect.gen(function* () {
    if (stack === undefined) return
    const stacked = stack
    const values = yield* stacked.read
    stacked.states.forEach((state, lane) => (state.host = partOf(stacked, values, lane)))
    stack = undefined
    yield* Scope.close(stacked.scope, Exit.void)
  })

  /** What is awaited once for all lanes, of which each may be interrupted. */
  const once = <A>(effect: Effect.Effect<A, EngineError>) => Effect.cached(Effect.uninterruptible(effect))

  /** The stack of these lanes, which wait. */
  const stackOf = Effect.fnUntraced(function* (active: ReadonlyArray<Member>) {
    const isCurrent =
      stack !== undefined &&
      active.length > stack.members.length / 2 &&
      active.every((member) => stack!.states[stack!.members.indexOf(member)] === member.call!.state)
    if (stack !== undefined && isCurrent) return stack
    yield* unstack
    const states = active.map(({ call }) => call!.state)
    const stackScope = yield* Scope.fork(scope)
    const placed = yield* Scope.provide(engine.place(joined(states.map(({ host }) => host!))), stackScope)
    states.forEach((state) => (state.host = undefined))
    stack = {
      members: active,
      states,
      placed,
      scope: stackScope,
      executables: new Map(),
      read: yield* once(placed.read)
    }
    return stack
  })

  const compiled = Effect.fnUntraced(function* ({ executables, members, scope }: Stacked, key: string, some: boolean) {
    const signature = signatures.get(key)!
    // A lane that has left, or has not come to this program yet, computes what another one does.
    const anyone = members.find(({ programs }) => programs.has(key))!
    const programs = members.map((member) => member.programs.get(key) ?? anyone.programs.get(key)!)
    const name = `${key} ${some}`
    const found = executables.get(name)
    if (found?.programs.every((program, index) => program === programs[index]) === true) return found.executable
    const single = some ? Stack.maskedSignature(signature) : signature
    const all = some ? programs.map(Stack.masked) : programs
    const compile =
      members.length === 1
        ? engine.compile(all[0]!, single)
        : engine.compile(Stack.program(all, single), Stack.signature(members.length, single))
    const executable = yield* Scope.provide(compile, scope)
    executables.set(name, { programs, executable })
    return executable
  })

  /** Executes what these lanes wait for; `active` are all that have not left. */
  const execute = Effect.fnUntraced(function* (active: ReadonlyArray<Member>, calling: ReadonlyArray<Member>) {
    const stacked = yield* stackOf(active)
    const [first] = calling
    const { data, inputs: anyInputs, key, program } = first!.call!
    if (!calling.every(({ call }) => shared.areEqual(call!.data, data))) {
      return yield* failure(engine, program, "runs that are stacked must have the same data")
    }
    const isPartial = calling.length < active.length
    const executable = yield* compiled(stacked, key, isPartial)
    const inputs = stacked.members.map((member) => {
      const isCalling = calling.includes(member)
      const own = isCalling ? member.call!.inputs : anyInputs
      return isPartial ? { ...own, [Stack.activeInput]: float32([], Float32Array.of(Number(isCalling))) } : own
    })
    const placed = yield* shared.place(data)
    const outputs = yield* submit(executable, { state: stacked.placed, data: placed, inputs: joined(inputs) })
    stacked.read = yield* once(stacked.placed.read)
    const all = yield* once(outputs)
    return calling.map((member) => {
      const lane = stacked.members.indexOf(member)
      return Effect.map(all, (tensors) => partOf(stacked, tensors, lane))
    })
  })

  /** Executes, if every lane that has not left waits. */
  const advance: Effect.Effect<void> = Effect.suspend(() => {
    const active = members.filter(({ hasLeft }) => !hasLeft)
    if (isExecuting || active.length === 0 || active.some(({ call }) => call === undefined)) return Effect.void
    isExecuting = true
    const key = [...signatures.keys()].find((key) => active.some(({ call }) => call!.key === key))
    const calling = active.filter(({ call }) => call!.key === key)
    const calls = calling.map(({ call }) => call!)
    return Effect.exit(execute(active, calling)).pipe(
      Effect.flatMap((exit) => {
        isExecuting = false
        calls.forEach((call, index) => {
          if (calling[index]!.call === call) calling[index]!.call = undefined
        })
        return Effect.forEach(calls, ({ outputs }, index) =>
          Deferred.done(
            outputs,
            Exit.map(exit, (all) => all[index]!)
          )
        )
      }),
      Effect.andThen(advance),
      Effect.forkIn(scope),
      Effect.asVoid
    )
  })

  const laneOf = (member: Member): Lane => {
    const compile = Effect.fnUntraced(function* (program: Program, signature: Signature) {
      if (Object.keys(signature.state).length === 0) {
        const nothing = yield* engine.place({})
        const executable = yield* engine.compile(program, signature)
        return {
          run: ({ data, inputs }: ExecutableArguments) =>
            Effect.flatMap(shared.place(data as LaneTensors), (data) =>
              executable.run({ state: nothing, data, inputs })
            )
        }
      }
      const key = JSON.stringify([program.name, signature])
      if (!signatures.has(key)) signatures.set(key, signature)
      member.programs.set(key, program)
      const submit = Effect.fnUntraced(function* ({ data, inputs, state }: ExecutableArguments) {
        const outputs = yield* Deferred.make<Outputs, EngineError>()
        const call: Call = {
          key,
          program: program.name,
          data: data as LaneTensors,
          inputs,
          state: state as LaneTensors,
          outputs
        }
        member.call = call
        yield* advance
        return yield* Effect.onInterrupt(Deferred.await(outputs), () =>
          Effect.sync(() => {
            if (member.call === call) member.call = undefined
          })
        )
      })
      const executable: Executable = { submit, run: (args) => Effect.flatten(submit(args)) }
      return executable
    })
    const place = Effect.fnUntraced(function* (tensors: HostTensors) {
      let isOpen = true
      const placed: LaneTensors = {
        types: typesOf(tensors),
        host: tensors,
        read: Effect.suspend((): Effect.Effect<HostTensors, EngineError> => {
          if (!isOpen) return Effect.fail(failure(engine, "read", "the scope of the tensors is closed"))
          if (placed.host !== undefined)
            return Effect.succeed(Record.map(placed.host, (tensor) => ({ ...tensor, values: tensor.values.slice() })))
          const stacked = stack!
          return Effect.map(stacked.read, (tensors) => partOf(stacked, tensors, stacked.states.indexOf(placed)))
        })
      }
      yield* Effect.addFinalizer(() => Effect.sync(() => void (isOpen = false)))
      return placed
    })
    return {
      engine: { spec: { ...engine.spec, stack: runs }, place, compile },
      leave: Effect.suspend(() => {
        member.hasLeft = true
        member.call = undefined
        return advance
      })
    }
  }
  return members.map(laneOf)
})
