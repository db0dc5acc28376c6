/**
 * A PostgreSQL server of the tests' own: on loopback, in a temporary folder, with a database for each test.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import type { Postgres } from "../../machine/Postgres.ts"

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

export interface PostgresServer {
  readonly port: number
  /** Creates a database and gives its address. */
  readonly database: (name: string) => Promise<string>
  /** Rows of a query. */
  readonly query: (address: string, sql: string) => Promise<ReadonlyArray<Record<string, unknown>>>
  /** Stops it as a crash does where `crash` says so, waits, and starts it again. */
  readonly restart: (options: { readonly crash: boolean; readonly milliseconds: number }) => Promise<void>
  readonly close: () => Promise<void>
}

/** Rows of a query on the database of an address. */
const query = (address: string, sql: string): Promise<ReadonlyArray<Record<string, unknown>>> =>
  PgClient.PgClient.use((client) => client.unsafe(sql)).pipe(
    Effect.provide(PgClient.layer({ url: Redacted.make(address), maxConnections: 1 })),
    Effect.runPromise
  ) as Promise<ReadonlyArray<Record<string, unknown>>>

/** Starts a server. */
export const start = async ({ folder, user }: Postgres): Promise<PostgresServer> => {
  const directory = mkdtempSync(join(tmpdir(), "effect-vae-postgres-"))
  if (user !== undefined) chownSync(directory, user.uid, user.gid)
  const data = join(directory, "data")
  execFileSync(
    join(folder, "initdb"),
    ["-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C"],
    {
      cwd: directory,
      stdio: "ignore",
      ...user
    }
  )
  const port = await freePort()
  const addressOf = (name: string) => `postgres://postgres@127.0.0.1:${port}/${name}`
  const settings = ["fsync=off", "shared_buffers=16MB", "listen_addresses=127.0.0.1", "unix_socket_directories="]
  const args = ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])]
  let output = ""

  const launch = async (): Promise<ChildProcess> => {
    const child = spawn(join(folder, "postgres"), args, {
      cwd: directory,
      stdio: ["ignore", "ignore", "pipe"],
      ...user
    })
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()))
    for (let tries = 0; tries < 600; tries++) {
      if (
        await query(addressOf("postgres"), "select 1").then(
          () => true,
          () => false
        )
      )
        return child
      await pause(100)
    }
    throw new Error(`PostgreSQL does not start: ${output}`)
  }
  const stop = (child: ChildProcess, signal: NodeJS.Signals) =>
    new Promise<void>((resolve) => {
      child.once("exit", () => resolve())
      child.kill(signal)
    })

  let server = await launch()
  return {
    port,
    database: async (name) => {
      await query(addressOf("postgres"), `create database "${name}"`)
      return addressOf(name)
    },
    query,
    restart: async ({ crash, milliseconds }) => {
      // SIGINT disconnects everybody; SIGQUIT ends without a checkpoint, so that the log is replayed.
      await stop(server, crash ? "SIGQUIT" : "SIGINT")
      await pause(milliseconds)
      server = await launch()
    },
    close: async () => {
      await stop(server, "SIGINT")
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

/** The process numbers of a process's children. */
export const childrenOf = (pid: number): ReadonlyArray<number> =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number)
