/**
 * Measures one program's training step on all competitors. They take turns within each round, so that temporary load
 * affects all of them, and are idle while another runs.
 */
import { Effect, Option, Result } from "effect"
import { isOurs, oursAmong } from "./Competitors.ts"
import * as ProcessMemory from "./ProcessMemory.ts"
import { type BenchProgram, operationsOf } from "./Programs.ts"
import type { Product } from "./Protocol.ts"
import type { Memory, StepResult, StepRow } from "./Results.ts"
import { disagreement, inTurn, median, ofRounds, ratios, spreadOf } from "./Statistics.ts"
import type { Worker, WorkerError } from "./Worker.ts"

/** Maximum relative difference of a loss from the median; larger ones void a row. */
export const tolerance = 1e-3

/** Pause between turns, until spinning threads sleep. */
const pause = "300 millis"

/** Competitors that measure the rate of matrix products. */
const multipliers = ["native", "onnxruntime", "torch-eager", "torch-compiled"]

const large: Product = { rows: 1024, inner: 1024, columns: 1024, transposeLeft: false, transposeRight: false }

/** A competitor after its first steps, and its measurements, one element per round. */
interface Contestant {
  readonly worker: Worker
  readonly firstStepSeconds: number
  readonly loss: number
  readonly evaluationLoss: number
  /** Memory after the first steps and the evaluation, before the other requests. */
  readonly memory: Option.Option<Memory>
  readonly steps: Array<ReadonlyArray<number>>
  readonly evaluations: Array<number>
  readonly loopOverheads: Array<number>
  readonly products: Array<number>
  /** In 10^9 operations per second. */
  readonly rates: Array<number>
  failure?: WorkerError
}

export interface StepJob {
  readonly name: string
  readonly bench: BenchProgram
  readonly products: ReadonlyArray<Product>
  /** File with its parameters and inputs; `images` is the file with the images. */
  readonly file: string
  readonly images: string
}

/** The first steps, up to the one whose losses must agree; then one evaluation. */
const prepare = Effect.fnUntraced(function* ({ bench, file, images, name }: StepJob, worker: Worker) {
  const { learningRate, network } = bench
  const request = { _tag: "Prepare", program: name, network, learningRate, file, images } as const
  const prepared = yield* worker.ask(request, "Prepared")
  const { loss } = yield* worker.ask({ _tag: "Run", steps: bench.agreementSteps - 1 }, "Ran")
  const evaluated = yield* worker.ask({ _tag: "Evaluate" }, "Evaluated")
  const contestant: Contestant = {
    worker,
    firstStepSeconds: prepared.seconds,
    loss,
    evaluationLoss: evaluated.loss,
    memory: yield* ProcessMemory.read(worker.pid),
    steps: [],
    evaluations: [],
    loopOverheads: [],
    products: [],
    rates: []
  }
  return contestant
})

/** One turn of one competitor. */
const turn = Effect.fnUntraced(function* ({ bench, products }: StepJob, contestant: Contestant) {
  const { competitor, ask } = contestant.worker
  yield* Effect.sleep(pause)
  const { milliseconds } = yield* ask({ _tag: "Run", ...bench.round }, "Ran")
  contestant.steps.push(milliseconds)
  contestant.evaluations.push((yield* ask({ _tag: "Evaluate" }, "Evaluated")).seconds)
  if (isOurs(competitor.name)) {
    const loop = yield* ask({ _tag: "Loop", steps: Math.max(10, bench.round.steps) }, "Looped")
    contestant.loopOverheads.push(median(loop.milliseconds) / median(milliseconds) - 1)
  }
  if (multipliers.includes(competitor.name)) {
    const one = yield* ask({ _tag: "Multiply", products: [large], repeats: 5 }, "Multiplied")
    contestant.rates.push(operationsOf([large]) / median(one.milliseconds) / 1e6)
    // Products of convolutions are not measured, because no library computes them from explicit patches.
    if (bench.positions === undefined) {
      const all = yield* ask({ _tag: "Multiply", products, repeats: 20 }, "Multiplied")
      contestant.products.push(median(all.milliseconds))
    }
  }
})

const skipped = ({ competitor, reason }: WorkerError): StepRow => ({ competitor, status: "skipped", reason })

const rowOf = (
  contestant: Contestant,
  all: ReadonlyArray<Contestant>,
  { bench, products }: StepJob,
  productRate: number | undefined
): StepRow => {
  const { evaluationLoss, evaluations, failure, firstStepSeconds, loopOverheads, loss, memory, worker } = contestant
  if (failure !== undefined) return skipped(failure)
  const ours = oursAmong(all.map(({ worker }) => worker.competitor.name))
  const reference = all.find(({ worker }) => worker.competitor.name === ours)
  const step = ofRounds(contestant.steps)
  const apart = disagreement(
    loss,
    all.map(({ loss }) => loss)
  )
  const evaluationApart = disagreement(
    evaluationLoss,
    all.map(({ evaluationLoss }) => evaluationLoss)
  )
  const agrees = apart <= tolerance && evaluationApart <= tolerance
  return {
    competitor: worker.competitor.name,
    status: agrees ? "measured" : "void",
    ...(!agrees && { reason: `its loss is ${loss}, its test loss ${evaluationLoss}, unlike the others'` }),
    loss,
    disagreement: apart,
    firstStepSeconds,
    step,
    ...(reference !== undefined && { ratio: ratios(contestant.steps.map(median), reference.steps.map(median)) }),
    examplesPerSecond: (1000 * bench.batch) / step.median,
    ...(productRate !== undefined && { productShare: operationsOf(products) / productRate / 1e6 / step.median }),
    ...(contestant.products.length > 0 && { products: spreadOf(contestant.products) }),
    evaluation: {
      loss: evaluationLoss,
      disagreement: evaluationApart,
      seconds: spreadOf(evaluations),
      ...(reference !== undefined && { ratio: ratios(evaluations, reference.evaluations) })
    },
    ...(loopOverheads.length > 0 && { loopOverhead: spreadOf(loopOverheads) }),
    ...(Option.isSome(memory) && { memory: memory.value })
  }
}

/** Measures the program on these workers in `rounds` rounds. */
export const measure = Effect.fn("MeasureSteps.measure")(function* (
  job: StepJob,
  workers: ReadonlyArray<Worker>,
  rounds: number
) {
  const { bench, name, products } = job
  const prepared: Array<Result.Result<Contestant, WorkerError>> = []
  for (const worker of workers) {
    yield* Effect.logInfo(`${name}: ${worker.competitor.title}: the first ${bench.agreementSteps} steps`)
    prepared.push(yield* Effect.result(prepare(job, worker)))
  }
  const contestants = prepared.filter(Result.isSuccess).map(({ success }) => success)
  for (let round = 0; round < rounds; round++) {
    yield* Effect.logInfo(`${name}: round ${round + 1} of ${rounds}`)
    for (const contestant of inTurn(contestants, round)) {
      if (contestant.failure !== undefined) continue
      const outcome = yield* Effect.result(turn(job, contestant))
      if (Result.isFailure(outcome)) contestant.failure = outcome.failure
    }
  }
  const rates = contestants.flatMap(({ rates }) => (rates.length === 0 ? [] : [median(rates)]))
  const productRate = rates.length === 0 ? undefined : Math.max(...rates)
  const participants = contestants.filter(({ failure }) => failure === undefined)
  const rows = prepared.map((outcome) =>
    Result.isFailure(outcome) ? skipped(outcome.failure) : rowOf(outcome.success, participants, job, productRate)
  )
  const result: StepResult = {
    program: name,
    title: bench.title,
    batch: bench.batch,
    agreementSteps: bench.agreementSteps,
    gigaOperations: operationsOf(products) / 1e9,
    ...(productRate !== undefined && { productRate }),
    rows
  }
  return result
})
