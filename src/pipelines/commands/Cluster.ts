/**
 * `exp cluster status|cancel|remove`: manages the sweeps and machines of a cluster.
 */
import { Console, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as Address from "../cluster/Address.ts"
import * as Cluster from "../cluster/Cluster.ts"
import * as DescribeCluster from "../cluster/DescribeCluster.ts"
import { Sweeps } from "../cluster/Sweeps.ts"
import { UsageError } from "../console/UsageError.ts"
import { commonFlags, inspectionFlags } from "./Flags.ts"

const cluster = commonFlags.cluster.pipe(
  Flag.withDescription("The database that machines share, postgres://USER@HOST:PORT/DATABASE (or VAE_CLUSTER)")
)

/** The sweeps in the database at this address. */
const sweepsAt = <A, E, R>(flag: Option.Option<string>, use: (sweeps: Sweeps["Service"]) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(Address.required(flag), (address) =>
    Effect.provide(Sweeps.use(use), Cluster.layer(address, Option.none()))
  )

const status = Command.make(
  "status",
  { cluster, json: inspectionFlags.json },
  Effect.fn("Cluster.status")(function* ({ cluster, json }) {
    const lines = yield* sweepsAt(cluster, (sweeps) =>
      Effect.map(Effect.all([sweeps.sweeps, sweeps.running, sweeps.workers]), ([all, runs, workers]) =>
        json
          ? JSON.stringify({ sweeps: all, runs, workers }, undefined, 2)
          : DescribeCluster.describe(all, runs, workers)
      )
    )
    yield* Console.log(lines)
  })
).pipe(Command.withDescription("Shows sweeps, machines and the number of waiting runs"))

const cancel = Command.make(
  "cancel",
  { cluster, name: Argument.String("name").pipe(Argument.withDescription("A sweep's id, or an experiment's name")) },
  Effect.fn("Cluster.cancel")(function* ({ cluster, name }) {
    const ended = yield* sweepsAt(cluster, (sweeps) => sweeps.cancel(name))
    if (ended.length === 0) {
      return yield* new UsageError({ reason: `no sweep "${name}" is active; exp cluster status lists them` })
    }
    yield* Console.log(`cancelled: ${ended.join(", ")}; interrupted runs keep their checkpoints`)
  })
).pipe(Command.withDescription("Cancels a sweep; its runs keep their checkpoints"))

const remove = Command.make(
  "remove",
  {
    cluster,
    name: Argument.String("name").pipe(
      Argument.withDescription("A sweep's id, or an experiment's name; default: every sweep that has ended"),
      Argument.optional
    )
  },
  Effect.fn("Cluster.remove")(function* ({ cluster, name }) {
    const removed = yield* sweepsAt(cluster, (sweeps) => sweeps.remove(name))
    yield* Console.log(removed.length === 0 ? "no sweep has ended" : `removed from the database: ${removed.join(", ")}`)
  })
).pipe(Command.withDescription("Removes sweeps that have ended, and their runs' files, from the database"))

export const command = Command.make("cluster").pipe(
  Command.withDescription("Manages the sweeps and machines that share a database"),
  Command.withSubcommands([status, cancel, remove])
)
