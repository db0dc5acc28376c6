/** A real HTTP server on this machine that answers as a test tells it to. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { Effect, type Scope } from "effect"

export interface TestServer {
  /** Without a slash at the end. */
  readonly address: string
  /** Method, path and range of every request so far. */
  readonly requests: ReadonlyArray<{
    readonly method: string | undefined
    readonly path: string
    readonly range: string | undefined
  }>
}

/** `answer` is given the number of the request, from 0. */
export const testServer = (
  answer: (request: IncomingMessage, response: ServerResponse, index: number) => void
): Effect.Effect<TestServer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<{ readonly served: TestServer; readonly close: () => void }>((resume) => {
      const requests: Array<TestServer["requests"][number]> = []
      const server = createServer((request, response) => {
        const index = requests.length
        requests.push({ method: request.method, path: request.url ?? "", range: request.headers.range })
        answer(request, response, index)
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        const close = () => {
          server.closeAllConnections()
          server.close()
        }
        resume(Effect.succeed({ served: { address: `http://127.0.0.1:${port}`, requests }, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  ).pipe(Effect.map(({ served }) => served))
