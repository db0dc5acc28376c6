/**
 * Fetches one URL into an open file. Retries transient failures, and resumes if the server supports ranges.
 */
import {
  Context,
  Data,
  Duration,
  Effect,
  type FileSystem,
  type PlatformError,
  Predicate,
  Schedule,
  Stream
} from "effect"
import { HttpClient, type HttpClientError, HttpClientRequest, type HttpClientResponse } from "effect/http"

/** Why a URL did not deliver the file. */
export class TransferError extends Data.TaggedError("TransferError")<{
  readonly reason: string
  /** Whether a retry may help. */
  readonly kind: "transient" | "permanent"
}> {}

/** Timeouts and retries of downloads. */
export class DownloadSettings extends Context.Reference<{
  /** Longest wait for the response headers. Short, so that a machine without a network falls back quickly. */
  readonly answerTimeout: Duration.Duration
  /** Longest wait for the next bytes of a response. */
  readonly stallTimeout: Duration.Duration
  /** Number of retries after a server error, a broken connection or a stall. */
  readonly retries: number
  /** Delay before the first retry; doubles with each further one. */
  readonly backoff: Duration.Duration
}>("vae/core/datasets/DownloadSettings", {
  defaultValue: () => ({
    answerTimeout: Duration.seconds(3),
    stallTimeout: Duration.seconds(20),
    retries: 4,
    backoff: Duration.millis(500)
  })
}) {}

/** Progress of the transfer. */
interface Progress {
  /** Bytes written to the file. */
  received: number
  /** Validator (entity tag or date) of the version that the bytes belong to, so that two versions are never mixed. */
  validator: string | undefined
  /** Requests without a response. */
  unanswered: number
}

type Headers = HttpClientResponse.HttpClientResponse["headers"]

/** Error codes of Node and undici for an unreachable host, where an immediate retry would not help. */
const unreachable = new Set([
  "ENOTFOUND",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "UND_ERR_CONNECT_TIMEOUT"
])

/** Error codes of a connection that broke after it was established. */
const cut = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "UND_ERR_SOCKET"])

/** The innermost error with a code, which says more than the outer "fetch failed". */
const rootOf = (error: unknown): { readonly code: string | undefined; readonly message: string } => {
  const inner = Predicate.hasProperty(error, "cause") && error.cause !== undefined ? rootOf(error.cause) : undefined
  if (inner?.code !== undefined) return inner
  const code = Predicate.hasProperty(error, "code") && Predicate.isString(error.code) ? error.code : undefined
  const message = Predicate.hasProperty(error, "message") ? String(error.message) : String(error)
  return code === undefined && inner !== undefined ? inner : { code, message }
}

/** A failure before a response. Unknown causes, such as a certificate error, are retried once. */
const beforeAnswer = (error: HttpClientError.HttpClientError, progress: Progress): TransferError => {
  const { code, message } = rootOf(error)
  const reason = `cannot be reached: ${message}${code === undefined || message.includes(code) ? "" : ` (${code})`}`
  if (error.reason._tag === "InvalidUrlError" || unreachable.has(code ?? "")) {
    return new TransferError({ reason, kind: "permanent" })
  }
  return cut.has(code ?? "") ? new TransferError({ reason, kind: "transient" }) : unanswered(reason, progress)
}

const unanswered = (reason: string, progress: Progress): TransferError => {
  progress.unanswered += 1
  return new TransferError({ reason, kind: progress.unanswered > 1 ? "permanent" : "transient" })
}

/** The value for If-Range: a strong entity tag, or else a date. */
const validatorOf = (headers: Headers): string | undefined =>
  headers["etag"]?.startsWith('"') === true ? headers["etag"] : headers["last-modified"]

/** Content length of the response, if given. */
const promisedOf = (headers: Headers): number | undefined =>
  /^\d+$/.test(headers["content-length"] ?? "") ? Number(headers["content-length"]) : undefined

const requestOf = (address: string, { received, validator }: Progress): HttpClientRequest.HttpClientRequest =>
  HttpClientRequest.get(address, {
    headers: {
      "accept-encoding": "identity",
      ...(received > 0 && { range: `bytes=${received}-` }),
      ...(received > 0 && validator !== undefined && { "if-range": validator })
    }
  })

/** Offset in the file at which the response's bytes belong, or why it cannot be used. */
const startOf = (
  { headers, status }: HttpClientResponse.HttpClientResponse,
  progress: Progress
): Effect.Effect<number, TransferError> => {
  const range = headers["content-range"] ?? ""
  if (status === 200) return Effect.succeed(0)
  if (status === 206 && range.startsWith(`bytes ${progress.received}-`)) return Effect.succeed(progress.received)
  if (status === 206 || status === 416) {
    const reason = `requested the bytes from ${progress.received}, got status ${status} with content-range "${range}"`
    progress.received = 0
    return Effect.fail(new TransferError({ reason, kind: "transient" }))
  }
  const kind = status === 408 || status === 429 || status >= 500 ? "transient" : "permanent"
  return Effect.fail(new TransferError({ reason: `status ${status}`, kind }))
}

/** Sends one request and appends the response to the file. */
const attempt = Effect.fnUntraced(function* (
  file: FileSystem.File,
  address: string,
  maxBytes: number,
  progress: Progress
) {
  const { answerTimeout, stallTimeout } = yield* DownloadSettings
  const client = (yield* HttpClient.HttpClient).pipe(HttpClient.withScope, HttpClient.followRedirects(5))
  const response = yield* client.execute(requestOf(address, progress)).pipe(
    Effect.mapError((error) => beforeAnswer(error, progress)),
    Effect.timeoutOrElse({
      duration: answerTimeout,
      orElse: () => Effect.fail(unanswered(`no answer within ${Duration.format(answerTimeout)}`, progress))
    })
  )
  const start = yield* startOf(response, progress)
  const promised = promisedOf(response.headers)
  // the client may decode such content, so lengths and ranges do not match its bytes
  const encoded = (response.headers["content-encoding"] ?? "identity") !== "identity"
  yield* file.truncate(start)
  yield* file.seek(BigInt(start), "start")
  progress.received = start
  progress.validator = validatorOf(response.headers)
  const append = (chunk: Uint8Array): Effect.Effect<void, TransferError | PlatformError.PlatformError> => {
    progress.received += chunk.length
    return progress.received > maxBytes
      ? Effect.fail(
          new TransferError({ reason: `more than the ${maxBytes} bytes that the file can have`, kind: "permanent" })
        )
      : file.writeAll(chunk)
  }
  yield* response.stream.pipe(
    Stream.mapError(
      (error) => new TransferError({ reason: `connection cut: ${rootOf(error).message}`, kind: "transient" })
    ),
    Stream.timeoutOrElse({
      duration: stallTimeout,
      orElse: () =>
        Stream.fail(new TransferError({ reason: `no bytes for ${Duration.format(stallTimeout)}`, kind: "transient" }))
    }),
    Stream.runForEach(append),
    Effect.tapError(() => Effect.sync(() => (progress.received = encoded ? 0 : progress.received)))
  )
  if (!encoded && promised !== undefined && progress.received < start + promised) {
    const reason = `connection cut after ${progress.received} of ${start + promised} bytes`
    return yield* new TransferError({ reason, kind: "transient" })
  }
}, Effect.scoped)

/**
 * Fetches one URL into the file, from its start.
 *
 * Server errors (status 408, 429, 5xx), broken connections and stalls are retried with exponential backoff, as the
 * settings say; a request without a response is retried once. Other statuses, an unreachable host and more than
 * `maxBytes` fail immediately.
 */
export const transfer = Effect.fn("Transfer.transfer")(function* (
  file: FileSystem.File,
  address: string,
  maxBytes: number
) {
  const { backoff, retries } = yield* DownloadSettings
  const progress: Progress = { received: 0, validator: undefined, unanswered: 0 }
  yield* attempt(file, address, maxBytes, progress).pipe(
    Effect.retry({
      schedule: Schedule.exponential(backoff),
      times: retries,
      while: (error) => error._tag === "TransferError" && error.kind !== "permanent"
    })
  )
  yield* file.sync
})
