/** Where the full datasets are, for tests that look at them: `VAE_DATA_DIR`, or `../shared/data` beside the checkout. */
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

const beside = fileURLToPath(new URL("../../../../shared/data", import.meta.url))

/** The folder with this dataset's subfolder in it; undefined where there is none. */
export const realData = (folder: string): string | undefined =>
  [process.env["VAE_DATA_DIR"], beside].find((root) => root !== undefined && existsSync(`${root}/${folder}`))
