/**
 * How a person calls `exp` here, for messages that say what to type.
 */
import { Context } from "effect"

/** `pnpm run exp` in the repository, `npx effect-vae` where the package is installed. */
export const ProgramName: Context.Reference<string> = Context.Reference<string>("vae/pipelines/ProgramName", {
  defaultValue: () => "pnpm run exp"
})
