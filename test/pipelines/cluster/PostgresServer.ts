/**
 * A PostgreSQL server that the tests start: on loopback, in a temporary folder, with a database per test.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { appendFileSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Effect, ManagedRuntime, Redacted } from "effect"
import type { Postgres } from "../../machine/Postgres.ts"

/** Where the tests write: a folder in memory where there is one, since a busy disk makes every file wait. */
export const inMemory: string = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

export type Rows = ReadonlyArray<Record<string, unknown>>

/** A client with one connection, which is opened again where it was cut. */
export interface Client {
  /** Rows of a query. */
  readonly query: (sql: string) => Promise<Rows>
  readonly close: () => Promise<void>
}

/** Connects to the database of an address. */
export const client = (address: string): Client => {
  const runtime = ManagedRuntime.make(PgClient.layer({ url: Redacted.make(address), maxConnections: 1 }))
  // A query whose connection is cut may never be answered.
  const query = (sql: string) =>
    Effect.timeout(
      PgClient.PgClient.use((client) => client.unsafe(sql)),
      "20 seconds"
    )
  return {
    query: (sql) => runtime.runPromise(query(sql) as Effect.Effect<Rows, Error, PgClient.PgClient>),
    close: () => runtime.dispose()
  }
}

export interface PostgresServer {
  readonly port: number
  /** Creates a database; returns its address. */
  readonly database: (name: string) => Promise<string>
  /** Rows of a query of the superuser's. */
  readonly query: Client["query"]
  /** Stops it, as a crash does if `crash`, waits, and starts it again. */
  readonly restart: (options: { readonly crash: boolean; readonly milliseconds: number }) => Promise<void>
  readonly close: () => Promise<void>
}

export interface ServerOptions {
  /** A certificate and its key in PEM: the server then accepts TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  /** Lines of pg_hba.conf; default: everybody on this machine is trusted. */
  readonly access?: ReadonlyArray<string>
}

/** Starts a server, which ends with this process at the latest. */
export const start = async (
  { folder, user }: Postgres,
  { access, tls }: ServerOptions = {}
): Promise<PostgresServer> => {
  const directory = mkdtempSync(join(inMemory, "effect-vae-postgres-"))
  const own = (path: string) => {
    if (user !== undefined) chownSync(path, user.uid, user.gid)
    return path
  }
  own(directory)
  const data = join(directory, "data")
  const initdb = ["-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C"]
  execFileSync(join(folder, "initdb"), initdb, { cwd: directory, stdio: "ignore", ...user })
  if (access !== undefined) writeFileSync(join(data, "pg_hba.conf"), `${access.join("\n")}\n`)
  const settings = ["fsync=off", "shared_buffers=16MB", "listen_addresses=127.0.0.1", "unix_socket_directories="]
  if (tls !== undefined) {
    const files = Object.entries(tls).map(([name, content]) => {
      const path = join(data, name)
      writeFileSync(path, content, { mode: 0o600 })
      return own(path)
    })
    appendFileSync(
      join(data, "postgresql.conf"),
      `ssl = on\nssl_cert_file = '${files[0]}'\nssl_key_file = '${files[1]}'\n`
    )
  }
  const port = await freePort()
  const args = ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])]
  // A test process that is killed closes the pipe.
  const onDeath = `read -r _; kill -INT "$(head -n 1 '${data}/postmaster.pid')"; sleep 1; rm -rf '${directory}'`
  const guard = spawn("sh", ["-c", onDeath], { stdio: ["pipe", "ignore", "ignore"], detached: true })
  const addressOf = (name: string) => `postgres://postgres@127.0.0.1:${port}/${name}`
  const { close, query } = client(addressOf("postgres"))
  let output = ""

  const launch = async (): Promise<ChildProcess> => {
    const stdio: ["ignore", "ignore", "pipe"] = ["ignore", "ignore", "pipe"]
    const child = spawn(join(folder, "postgres"), args, { cwd: directory, stdio, ...user })
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()))
    const answers = () =>
      query("select 1").then(
        () => true,
        () => false
      )
    for (let tries = 0; tries < 600; tries++) {
      if (await answers()) return child
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
      await query(`create database "${name}"`)
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
      guard.kill("SIGKILL")
      await close()
      await stop(server, "SIGINT")
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

/** The process numbers of a process's children. */
export const childrenOf = (pid: number): ReadonlyArray<number> =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number)
