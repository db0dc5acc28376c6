/**
 * A machine without git. To ask it for the state of the checkout takes longer than a small sweep.
 */
import { Effect, Layer, PlatformError } from "effect"
import { ChildProcessSpawner } from "effect/process"

const { ChildProcessSpawner: Spawner, make } = ChildProcessSpawner

/** The same spawner, which does not find git. */
export const withoutGit: Layer.Layer<
  ChildProcessSpawner.ChildProcessSpawner,
  never,
  ChildProcessSpawner.ChildProcessSpawner
> = Layer.effect(
  Spawner,
  Effect.map(Spawner, ({ spawn }) =>
    make((command) =>
      command._tag === "StandardCommand" && command.command === "git"
        ? Effect.fail(PlatformError.systemError({ _tag: "NotFound", module: "ChildProcess", method: "spawn" }))
        : spawn(command)
    )
  )
)
