import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"
import { Result } from "effect"
import * as Capability from "./Capability.ts"

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const path = (process.env["PATH"] ?? "")
  .split(delimiter)
  .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => join(folder, name)))
  .find(isExecutable)

/** The path of a Chromium, in which pages are tested. */
export const chromium: Capability.Capability<string> = Capability.make(
  { name: "browser", remedy: "apt-get install --no-install-recommends chromium" },
  path === undefined ? Result.fail("no chromium on the PATH") : Result.succeed(path)
)
