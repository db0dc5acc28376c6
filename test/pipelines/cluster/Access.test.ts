/**
 * Access to a database: logins, TLS and the roles that docs/cluster.md describes.
 */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import * as Tables from "../../../src/pipelines/cluster/Tables.ts"
import { needs } from "../../machine/Capability.ts"
import { linux } from "../../machine/Linux.ts"
import { postgres } from "../../machine/Postgres.ts"
import { openssl } from "../../machine/Programs.ts"
import { filesOf } from "../Command.ts"
import * as Calls from "../commands/Calls.ts"
import * as Machines from "./Machines.ts"
import { childrenOf, client, type PostgresServer, start } from "./PostgresServer.ts"

type Environment = Readonly<Record<string, string>>

/** `exp` with these variables. */
const exp = (env: Environment, ...args: ReadonlyArray<string>) =>
  Effect.runPromise(Calls.expWith(ConfigProvider.layer(ConfigProvider.fromUnknown(env)), ...args))

const status = (address: string, env: Environment = {}) =>
  exp(env, "cluster", "status", ...(address === "" ? [] : ["--cluster", address]))

/** Addresses and variables with which a database cannot be used, and what is said. */
type Refusals = ReadonlyArray<readonly [address: string, Environment, RegExp]>

const areRefused = async (cases: Refusals) => {
  for (const [address, env, message] of cases) {
    const { code, output } = await status(address, env)
    assert.strictEqual(code, 2, output)
    assert.match(output, message)
    assert.notInclude(output, "secret")
  }
}

describe("a database that cannot be used", needs(postgres), () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await start(postgres.value!)
  })
  afterAll(() => server.close())

  it("is an error that says what to do, without a password", async (test) => {
    const { port } = server
    const { address, query } = await Machines.open(test, server, "known")
    await status(address)
    await query("update effect_vae.format set version = 99")
    await areRefused([
      ["http://127.0.0.1/x", {}, /^--cluster is not an address of the form postgres:/],
      ["postgres://me:secret@127.0.0.1/x", {}, /^--cluster has a password.*VAE_CLUSTER.*PGPASSWORD/],
      ["postgres://postgres@127.0.0.1:1/x", {}, /^127.0.0.1:1\/x: cannot be used: .*ECONNREFUSED/],
      [`postgres://postgres@127.0.0.1:${port}/none`, {}, /none: database "none" does not exist .*createdb/],
      [`postgres://nobody@127.0.0.1:${port}/known`, { PGPASSWORD: "secret" }, /refuses this login: .*PGPASSWORD/],
      [address, {}, new RegExp(`its tables have format 99, and this version of effect-vae uses ${Tables.format}`)],
      ["", { VAE_CLUSTER: `postgres://me:secret@127.0.0.1:${port}/known` }, /refuses this login/],
      [`${address}?sslmode=require`, {}, /cannot be used: .*(SSL|TLS).*sslmode/],
      ["", {}, /no database is given: use --cluster/]
    ])
  })
})

/** The code block of a language in docs/cluster.md that contains a text. */
const documented = (language: string, containing: string): string => {
  const text = readFileSync("docs/cluster.md", "utf8")
  const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```/gms)]
  return blocks.find(([, name, code]) => name === language && code!.includes(containing))![2]!
}

describe("a server with TLS and roles, as documented", needs(postgres, openssl, linux), () => {
  const password = "a secret of the laboratory"
  const env = { PGPASSWORD: password }
  let server: PostgresServer
  let folder = ""
  let authority = ""
  let removeFolder = () => Promise.resolve()
  beforeAll(async () => {
    folder = await Machines.temporaryFolder((remove) => (removeFolder = remove))
    authority = join(folder, "certificate.pem")
    const key = join(folder, "key.pem")
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    const files = ["-keyout", key, "-out", authority]
    execFileSync(openssl.value!, ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...names, ...files], {
      stdio: "ignore"
    })
    server = await start(postgres.value!, {
      tls: { certificate: await readFile(authority, "utf8"), key: await readFile(key, "utf8") },
      access: ["host all postgres 127.0.0.1/32 trust", documented("", "hostssl").replace("10.0.0.0/8", "127.0.0.1/32")]
    })
    for (const role of ["vae", "member"]) await server.query(`create role ${role} login password '${password}'`)
    await server.query("create database vae owner vae")
  })
  afterAll(async () => {
    await server.close()
    await removeFolder()
  })

  /** An address as documented. */
  const addressOf = (role: string, { host = "localhost", mode = "verify-full", root = authority } = {}) =>
    `postgres://${role}@${host}:${server.port}/vae?sslmode=${mode}${root === "" ? "" : `&sslrootcert=${root}`}`

  it("accepts only clients that trust the certificate and know the password", async () => {
    await areRefused([
      [addressOf("vae", { root: "" }), env, /cannot be used: .*self-signed certificate/],
      [addressOf("vae", { host: "127.0.0.1" }), env, /cannot be used: .*(altnames|Hostname|IP)/],
      [addressOf("vae", { mode: "disable", root: "" }), env, /refuses this login: .*no encryption/],
      [addressOf("vae"), { PGPASSWORD: "another secret" }, /refuses this login: password authentication failed/],
      [addressOf("vae", { root: join(folder, "none.pem") }), env, /^sslrootcert=.*none\.pem: .*cannot be read/]
    ])
    for (const mode of ["require", "verify-ca", "verify-full"]) {
      const { code, output } = await status(addressOf("vae", { mode }), env)
      assert.strictEqual(code, 0, output)
    }
  })

  it("works for a role with the documented rights, and its password appears nowhere", async (test) => {
    const created = await status(addressOf("vae"), env)
    assert.strictEqual(created.code, 0, created.output)
    await areRefused([[addressOf("member"), env, /refuses this user: permission denied for schema effect_vae/]])
    const owner = client(`postgres://postgres@127.0.0.1:${server.port}/vae`)
    test.onTestFinished(owner.close)
    for (const statement of documented("sql", "grant").split(";\n").filter(Boolean)) await owner.query(statement)

    const address = addressOf("member")
    const cluster = await Machines.open(test, server, "unused", { reachedAt: () => address })
    const worker = cluster.worker("one", [], { env })
    await worker.until(/takes runs/)
    const results = join(cluster.folder, "submitted")
    const submitted = exp(env, Machines.plain, "--beta", "1", "--cluster", address, "--results", results)
    await worker.until(/is taken/)
    const encrypted = await owner.query(
      "select ssl from pg_stat_ssl join pg_stat_activity using (pid) where usename = 'member'"
    )
    assert.isNotEmpty(encrypted)
    assert.isTrue(encrypted.every(({ ssl }) => ssl === true))
    const processes = [worker.pid, ...childrenOf(worker.pid)]
    const commands = processes.map((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8"))
    const { code, output } = await submitted
    assert.strictEqual(code, 0, output)
    worker.kill("SIGINT")
    assert.strictEqual(await worker.ended, 130, worker.output())
    const files = await filesOf(cluster.folder)
    assert.isAbove(files.length, 10)
    const written = await Promise.all(files.map((path) => readFile(join(cluster.folder, path), "latin1")))
    for (const text of [...commands, ...written, worker.output(), output]) {
      assert.notInclude(text, password)
      assert.notInclude(text, encodeURIComponent(password))
    }
    const removed = await exp(env, "cluster", "remove", "--cluster", address)
    assert.match(removed.output, /^removed from the database: plain-/)
  })
})
