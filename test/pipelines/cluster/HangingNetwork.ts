/**
 * Networks between machines and a database that stop delivering silently, and resume later.
 */
import { execFileSync } from "node:child_process"
import { connect, createServer, type Socket } from "node:net"

export interface HangingNetwork {
  /** The address of a database as machines behind the network reach it. */
  readonly through: (address: string) => string
  /** The program by which machines behind the network are started. */
  readonly by: ReadonlyArray<string>
  readonly hang: () => void
  readonly resume: () => void
  readonly close: () => Promise<void>
}

const at = (host: string, port: number) => (address: string) => {
  const url = new URL(address)
  url.host = `${host}:${port}`
  return url.href
}

/** A relay to a port of this machine, listening on an address; packets are acknowledged while it hangs, and not forwarded. */
export const relay = async (port: number, host = "127.0.0.1"): Promise<HangingNetwork> => {
  const sockets = new Set<Socket>()
  let hangs = false
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1")
    for (const [from, to] of [
      [client, upstream],
      [upstream, client]
    ] as const) {
      sockets.add(from)
      if (hangs) from.pause()
      from.on("data", (data) => void to.write(data))
      from.on("error", () => to.destroy())
      from.on("close", () => {
        sockets.delete(from)
        // The end of a connection is not forwarded either.
        if (!hangs) to.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  const address = server.address()
  const listening = typeof address === "object" && address !== null ? address.port : 0
  return {
    through: at(host, listening),
    by: [],
    hang: () => {
      hangs = true
      sockets.forEach((socket) => socket.pause())
    },
    resume: () => {
      hangs = false
      sockets.forEach((socket) => socket.resume())
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        sockets.forEach((socket) => socket.destroy())
      })
  }
}

/**
 * A network namespace with one link to a relay. Packets are lost while it hangs, in both directions: each end has a wrong
 * hardware address for the other.
 */
export const namespace = async (port: number): Promise<HangingNetwork> => {
  const ip = (...args: ReadonlyArray<string>) => execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] })
  const number = process.pid % 16_000
  const [name, outer, inner] = [`vae-test-${number}`, `vo${number}`, `vi${number}`]
  // Addresses that are reserved for measurements between networks (RFC 2544), a pair per process.
  const [host, guest] = [1, 2].map((last) => `198.18.${number >> 6}.${((number & 63) << 2) + last}`)
  const inside = ["netns", "exec", name, "ip"]
  ip("netns", "add", name)
  ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name)
  ip("address", "add", `${host}/30`, "dev", outer)
  ip("link", "set", outer, "up")
  ip(...inside, "address", "add", `${guest}/30`, "dev", inner)
  ip(...inside, "link", "set", inner, "up")
  const { close, through } = await relay(port, host)
  const wrong = ["lladdr", "02:00:00:00:00:01", "nud", "permanent"]
  return {
    through,
    by: ["ip", "netns", "exec", name],
    hang: () => {
      ip("neighbour", "replace", guest!, "dev", outer, ...wrong)
      ip(...inside, "neighbour", "replace", host!, "dev", inner, ...wrong)
    },
    resume: () => {
      ip("neighbour", "delete", guest!, "dev", outer)
      ip(...inside, "neighbour", "delete", host!, "dev", inner)
    },
    close: async () => {
      await close()
      // The link goes with it.
      ip("netns", "delete", name)
    }
  }
}
