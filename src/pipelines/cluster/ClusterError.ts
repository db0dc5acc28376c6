/**
 * Errors of the database that machines share.
 */
import { Runtime, Schema } from "effect"

/** The database cannot be used. `database` names host and database, never a password. Exit code 2. */
export class ClusterError extends Schema.TaggedError<ClusterError>()("ClusterError", {
  database: Schema.String,
  /** What is wrong and what to do. */
  reason: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return `${this.database}: ${this.reason}`
  }
}

/** A lease that has ended, because its worker was silent for too long. Another worker may hold the run now. */
export class LeaseLost extends Schema.TaggedError<LeaseLost>()("LeaseLost", { run: Schema.String }) {
  override get message(): string {
    return `the lease on run ${this.run} is lost: this worker was silent for too long, and another may have the run`
  }
}
