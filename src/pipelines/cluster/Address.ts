/**
 * The address of the database that machines share: `postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full`.
 *
 * Laws: a password comes from the environment only, because every user of a machine can list the arguments of processes;
 * nothing that is printed or stored contains a password.
 */
import { Config, Effect, FileSystem, Option, Redacted } from "effect"
import { UsageError } from "../console/UsageError.ts"

/** Environment variable with the address if `--cluster` is absent. It may contain a password. */
export const variable = "VAE_CLUSTER"

/** libpq's variable for a password. */
const passwordVariable = "PGPASSWORD"

const form = "postgres://USER@HOST:PORT/DATABASE"

export interface Address {
  readonly url: Redacted.Redacted
  /** Overrides the password in the URL. */
  readonly password: Option.Option<Redacted.Redacted>
  /** A certificate authority in PEM, from the file that `sslrootcert` names. */
  readonly authority: Option.Option<string>
  /** Host, port and database, for messages. */
  readonly name: string
}

const parse = (text: string) =>
  Option.liftThrowable((text: string) => new URL(text))(text).pipe(
    Option.filter(({ protocol }) => protocol === "postgres:" || protocol === "postgresql:")
  )

/** The certificate authority that an address names. */
const authorityOf = Effect.fnUntraced(function* (url: URL) {
  const path = url.searchParams.get("sslrootcert")
  if (path === null) return Option.none<string>()
  const fs = yield* FileSystem.FileSystem
  return yield* fs.readFileString(path).pipe(
    Effect.map(Option.some),
    Effect.mapError(() => new UsageError({ reason: `sslrootcert=${path}: this file cannot be read` }))
  )
})

/** The address from the flag or from the variable; none if both are absent. Errors: `UsageError`. */
export const resolve = Effect.fn("Address.resolve")(function* (
  flag: Option.Option<string>
): Effect.fn.Return<Option.Option<Address>, UsageError, FileSystem.FileSystem> {
  const secret = (name: string) =>
    Config.option(Config.Redacted(name)).pipe(Effect.orElseSucceed(() => Option.none<Redacted.Redacted>()))
  const origin = Option.isSome(flag) ? "--cluster" : variable
  const text = Option.isSome(flag) ? flag : Option.map(yield* secret(variable), Redacted.value)
  if (Option.isNone(text) || text.value === "") return Option.none()
  const url = parse(text.value)
  if (Option.isNone(url)) return yield* new UsageError({ reason: `${origin} is not an address of the form ${form}` })
  const hasPassword = url.value.password !== "" || url.value.searchParams.has("password")
  if (Option.isSome(flag) && hasPassword) {
    return yield* new UsageError({
      reason: `--cluster has a password, which other users can see: set ${variable} to the address, or ${passwordVariable} to the password`
    })
  }
  const { host, pathname } = url.value
  return Option.some({
    url: Redacted.make(text.value),
    password: hasPassword ? Option.none() : yield* secret(passwordVariable),
    authority: yield* authorityOf(url.value),
    name: `${host === "" ? (url.value.searchParams.get("host") ?? "localhost") : host}${pathname}`
  })
})

/** The address from the flag or from the variable. Errors: `UsageError` if both are absent. */
export const required = Effect.fn("Address.required")(function* (flag: Option.Option<string>) {
  const address = yield* resolve(flag)
  if (Option.isSome(address)) return address.value
  return yield* new UsageError({ reason: `no database is given: use --cluster ${form}, or set ${variable}` })
})
