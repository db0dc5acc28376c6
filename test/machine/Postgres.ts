import { spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { delimiter, join } from "node:path"
import { Result } from "effect"
import * as Capability from "./Capability.ts"

/** Programs of a PostgreSQL server, and who may run them: the server refuses to run as root. */
export interface Postgres {
  /** Folder of `initdb` and `postgres`. */
  readonly folder: string
  /** Another user than root, where the tests run as root. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined
}

/** Debian keeps the programs of each version in a folder of its own. */
const debian = "/usr/lib/postgresql"

const versions = (): ReadonlyArray<string> => {
  try {
    return readdirSync(debian).map((version) => join(debian, version, "bin"))
  } catch {
    return []
  }
}

const id = (flag: string, name: string): number | undefined => {
  const { status, stdout } = spawnSync("id", [flag, name], { encoding: "utf8" })
  return status === 0 ? Number(stdout) : undefined
}

const userOf = (name: string): Postgres["user"] => {
  const [uid, gid] = [id("-u", name), id("-g", name)]
  return uid === undefined || gid === undefined ? undefined : { uid, gid }
}

const runs = (folder: string, user: Postgres["user"]): boolean =>
  ["initdb", "postgres"].every(
    (program) => spawnSync(join(folder, program), ["--version"], { stdio: "ignore", ...user }).status === 0
  )

const find = (): Result.Result<Postgres, string> => {
  const isRoot = process.getuid?.() === 0
  const user = isRoot ? (userOf("postgres") ?? userOf("nobody")) : undefined
  if (isRoot && user === undefined)
    return Result.fail("there is no user but root, and the server refuses to run as root")
  const folders = [...versions(), ...(process.env["PATH"] ?? "").split(delimiter)]
  const folder = folders.find((folder) => runs(folder, user))
  return folder === undefined ? Result.fail("no initdb and postgres") : Result.succeed({ folder, user })
}

/** A PostgreSQL server that tests may start. */
export const postgres: Capability.Capability<Postgres> = Capability.make(
  { name: "PostgreSQL", remedy: "apt-get install --no-install-recommends postgresql" },
  find()
)
