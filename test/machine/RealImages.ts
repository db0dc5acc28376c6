import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Result } from "effect"
import * as Capability from "./Capability.ts"

const folders = [process.env["VAE_DATA_DIR"], fileURLToPath(new URL("../../../shared/data", import.meta.url))]

/** The data folder that has a dataset's files in this subfolder: `VAE_DATA_DIR`, or `../shared/data` beside the checkout. */
export const realImages = (dataset: string): Capability.Capability<string> => {
  const folder = folders.find((folder) => folder !== undefined && existsSync(`${folder}/${dataset}`))
  return Capability.make(
    { name: `real images, ${dataset}`, remedy: `VAE_DATA_DIR=FOLDER, which has FOLDER/${dataset}` },
    folder === undefined ? Result.fail(`no ${dataset} in VAE_DATA_DIR or ../shared/data`) : Result.succeed(folder)
  )
}
