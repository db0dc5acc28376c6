/**
 * Progress of runs: a progress bar per run on a terminal, one line per epoch elsewhere.
 */
import { Clock, Console, Context, Effect, Layer, type Scope, Stdio, Stream } from "effect"

/** The progress of a run's training. */
export interface TrainingProgress {
  /** 1 for the first run. */
  readonly run: number
  readonly runs: number
  /** The run's parameters that differ, such as `beta=12`. */
  readonly label: string
  readonly epoch: number
  readonly epochs: number
  /** Completed fraction of the epoch, 0 to 1. */
  readonly fraction: number
  /** Mean training loss of this epoch so far, in nats per image. */
  readonly loss: number
  readonly examplesPerSecond: number
  /** Seconds until the last run ends, at the current rate. */
  readonly secondsLeft: number
}

/** The progress bar of one run. */
export interface ProgressBar {
  /** Updates the bar; cheap enough to be called at every step. */
  readonly update: (state: TrainingProgress) => Effect.Effect<void>
  /** Reports the end of an epoch, with its metrics as text. */
  readonly epoch: (state: TrainingProgress, summary: string) => Effect.Effect<void>
  /** Shows an activity other than training, such as an evaluation; prints nothing without a terminal. */
  readonly note: (text: string) => Effect.Effect<void>
  /** Prints a line above the bars. */
  readonly line: (text: string) => Effect.Effect<void>
}

export class Progress extends Context.Service<
  Progress,
  ProgressBar & {
    /** An additional bar for a concurrent run, until the scope closes. */
    readonly bar: Effect.Effect<ProgressBar, never, Scope.Scope>
  }
>()("vae/pipelines/Progress") {}

/** `1h02m`, `3m05s` or `12s`. */
export const duration = (seconds: number): string => {
  if (!Number.isFinite(seconds)) return "?"
  const whole = Math.max(0, Math.round(seconds))
  const two = (value: number) => String(value).padStart(2, "0")
  if (whole >= 3600) return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`
  return whole >= 60 ? `${Math.floor(whole / 60)}m${two(whole % 60)}s` : `${whole}s`
}

const count = (value: number): string => Math.round(value).toLocaleString("en-US")

/** `run 2 of 3 · beta=12 · epoch 7/15 · loss 152.31 · 9,843 examples/s · 1m12s left`. */
export const describe = (state: TrainingProgress): string =>
  [
    `run ${state.run} of ${state.runs}`,
    state.label,
    `epoch ${state.epoch}/${state.epochs}`,
    `loss ${state.loss.toFixed(2)}`,
    `${count(state.examplesPerSecond)} examples/s`,
    `${duration(state.secondsLeft)} left`
  ]
    .filter((part) => part !== "")
    .join(" · ")

const plain: ProgressBar = {
  update: () => Effect.void,
  epoch: (state, summary) => Console.log(`${describe(state)} · ${summary}`),
  note: () => Effect.void,
  line: (text) => Console.log(text)
}

/** Plain lines, one per epoch. */
export const layerPlain: Layer.Layer<Progress> = Layer.succeed(Progress, { ...plain, bar: Effect.succeed(plain) })

const silent: ProgressBar = { ...plain, epoch: () => Effect.void, line: () => Effect.void }

/** Shows nothing. */
export const layerSilent: Layer.Layer<Progress> = Layer.succeed(Progress, { ...silent, bar: Effect.succeed(silent) })

// The cursor stays at the beginning of the first bar, so that other output overwrites the bars, which are redrawn below
// it.
const clear = "\r\u001b[0J"
const upBy = (lines: number): string => (lines === 0 ? "" : `\u001b[${lines}A`)
const millisecondsBetweenUpdates = 100

/** Progress bars on a terminal; they are cleared when the layer's scope closes. */
export const layerTerminal: Layer.Layer<Progress, never, Stdio.Stdio> = Layer.effect(
  Progress,
  Effect.gen(function* () {
    const stdio = yield* Stdio.Stdio
    const write = (text: string) => Effect.ignore(Stream.run(Stream.succeed(text), stdio.stdout({ endOnDone: false })))
    /** The text of each bar, in order of creation; empty at first. */
    const shown = new Map<object, string>()
    let last = Number.NEGATIVE_INFINITY

    const drawn = () => {
      const { columns = 100, rows = 24 } = process.stdout
      const lines = [...shown.values()].filter((text) => text !== "").slice(0, Math.max(1, rows - 1))
      return `${lines.map((text) => text.slice(0, columns - 1)).join("\n")}${upBy(Math.max(0, lines.length - 1))}\r`
    }
    const draw = Effect.suspend(() => write(clear + drawn()))

    const makeBar = (key: object): ProgressBar => {
      shown.set(key, "")
      const show = (state: TrainingProgress) => {
        const filled = Math.round(((state.epoch - 1 + state.fraction) / state.epochs) * 20)
        shown.set(key, `${"█".repeat(filled)}${"░".repeat(20 - filled)} ${describe(state)}`)
      }
      return {
        update: Effect.fnUntraced(function* (state) {
          show(state)
          const now = yield* Clock.currentTimeMillis
          if (Math.abs(now - last) < millisecondsBetweenUpdates) return
          last = now
          yield* draw
        }),
        epoch: (state) => Effect.suspend(() => (show(state), draw)),
        note: (text) => Effect.suspend(() => (shown.set(key, text), draw)),
        line: (text) => Effect.suspend(() => write(`${clear}${text}\n${drawn()}`))
      }
    }

    yield* Effect.addFinalizer(() => write(clear))
    return {
      ...makeBar({}),
      bar: Effect.gen(function* () {
        const key = {}
        yield* Effect.addFinalizer(() => Effect.suspend(() => (shown.delete(key), draw)))
        return makeBar(key)
      })
    }
  })
)

/** Progress bars if standard output is a terminal, plain lines otherwise. */
export const layer: Layer.Layer<Progress, never, Stdio.Stdio> = Layer.unwrap(
  Effect.map(
    Stdio.Stdio.use((stdio) => stdio.stdoutIsTerminal),
    (terminal) => (terminal ? layerTerminal : layerPlain)
  )
)
