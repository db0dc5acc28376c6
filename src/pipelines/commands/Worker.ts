/**
 * `exp worker --cluster ADDRESS`: trains the runs of submitted sweeps until it is interrupted.
 */
import { Effect, Layer, Option, Stdio } from "effect"
import { Command, Flag } from "effect/cli"
import { DataDirectories } from "../../core/Dataset.ts"
import * as Address from "../cluster/Address.ts"
import * as Cluster from "../cluster/Cluster.ts"
import * as ClusterWorker from "../cluster/ClusterWorker.ts"
import * as Progress from "../console/Progress.ts"
import { UsageError } from "../console/UsageError.ts"
import * as Catalogue from "../inspection/Catalogue.ts"
import * as RunStore from "../store/RunStore.ts"
import * as RunExecutor from "../sweep/RunExecutor.ts"
import * as Worker from "../sweep/Worker.ts"
import * as CheckpointInterval from "../training/CheckpointInterval.ts"
import * as ChooseEngine from "../training/ChooseEngine.ts"
import { engineRequest, commonFlags, dataDirectory } from "./Flags.ts"

/** The arguments without the address, for the processes that train the runs. */
const withoutAddress = (args: ReadonlyArray<string>): ReadonlyArray<string> =>
  args.filter((arg, index) => !/^--cluster(=|$)/.test(arg) && args[index - 1] !== "--cluster")

export const command = Command.make(
  "worker",
  {
    cluster: commonFlags.cluster.pipe(
      Flag.withDescription("The database that machines share, postgres://USER@HOST:PORT/DATABASE (or VAE_CLUSTER)")
    ),
    artifacts: commonFlags.artifacts,
    slots: Flag.String("slots").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("Train N runs at once, each in its own process with its share of the cores"),
      Flag.withDefault("1")
    ),
    engine: commonFlags.engine,
    device: commonFlags.device,
    dataDir: commonFlags.dataDir,
    results: commonFlags.results,
    checkpointEvery: commonFlags.checkpointEvery
  },
  Effect.fn("Worker.command")(function* (flags) {
    const checkpointEvery = CheckpointInterval.parse(flags.checkpointEvery)
    if (checkpointEvery === undefined) {
      const reason = `--checkpoint-every ${flags.checkpointEvery}: give ${CheckpointInterval.syntax}`
      return yield* new UsageError({ reason })
    }
    if (!/^[1-9]\d{0,2}$/.test(flags.slots)) {
      return yield* new UsageError({ reason: `--slots ${flags.slots}: give an integer from 1 to 999` })
    }
    const chosen = yield* engineRequest(flags)
    yield* Catalogue.checkUsable(flags.results)
    const directories = Layer.succeed(DataDirectories, {
      dataDirectory: yield* dataDirectory(flags.dataDir),
      cacheDirectory: undefined
    })
    const store = RunStore.layer(flags.results)
    const threads = yield* Worker.threads
    if (Option.isSome(threads)) {
      const inWorker = ChooseEngine.layer(chosen, threads.value).pipe(
        Layer.provideMerge(Worker.progress),
        Layer.provideMerge(Worker.parent)
      )
      return yield* Worker.serve([], { checkpointEvery, retries: 0 }).pipe(
        Effect.provide(RunExecutor.layer.pipe(Layer.provideMerge([directories, store, inWorker])))
      )
    }
    const address = yield* Address.required(flags.cluster)
    const args = withoutAddress(yield* Stdio.Stdio.use((stdio) => stdio.args))
    yield* ClusterWorker.work({ slots: Number(flags.slots), args, checkpointEvery }).pipe(
      Effect.provide([Cluster.layer(address, flags.artifacts), directories, store, Progress.layer])
    )
  })
).pipe(Command.withDescription("Trains runs of sweeps that are submitted with --cluster, until it is interrupted"))
