/**
 * The wheels with XLA's plugins for Linux x64, pinned by SHA-256, which pip verifies.
 */
import { Effect, FileSystem, Path } from "effect"
import type { Device } from "../src/core/engines/Xla.ts"
import { libraries } from "./Libraries.ts"
import * as Commands from "../tensorflow/Commands.ts"
import { SetupError } from "../tensorflow/SetupError.ts"

/** A pinned wheel. */
export interface Wheel {
  readonly device: Device
  readonly requirement: string
  readonly sha256: string
  /** The wheels of the libraries that it needs, `NAME==VERSION SHA256` each. */
  readonly libraries?: ReadonlyArray<string>
  /** What the machine has to have besides, which is not installed. */
  readonly needs?: string
}

export const wheels = {
  cpu: {
    device: "cpu",
    requirement: "fastatomstruct-xla-cpu==2026.6.23",
    sha256: "88b1c430b341b4bea40a37420311c9c75db6e22b46d2ff95b6986577bee6afe9"
  },
  cuda12: {
    device: "cuda",
    requirement: "jax-cuda12-pjrt==0.12.0",
    sha256: "8e32fb9e25096bffe8a1653aa1e4b2d5aae3823f2408692b53834727ef600cdc",
    libraries: libraries.cuda12,
    needs: "NVIDIA's driver, 525 or later"
  },
  cuda13: {
    device: "cuda",
    requirement: "jax-cuda13-pjrt==0.12.0",
    sha256: "72dc5cf1b4daa651cb98e8eb005a82c20301b418c2691964e884280ee2f9a6b4",
    libraries: libraries.cuda13,
    needs: "NVIDIA's driver, 580 or later"
  },
  rocm: {
    device: "rocm",
    requirement: "jax-rocm10-pjrt==0.12.0",
    sha256: "45ee7b471b71a582ce165dd63069b10d1d8923d849b61b6fa8783f1d13294edb",
    needs: "ROCm 10 with its libraries in the loader's path, such as AMD's packages for the system"
  },
  tpu: {
    device: "tpu",
    requirement: "libtpu==0.0.52",
    sha256: "f76ab1f4d697c346371c50058796f6baa93317b89be8cf8a1012715a2655120d"
  }
} as const satisfies Readonly<Record<string, Wheel>>

export type WheelName = keyof typeof wheels
export const names = Object.keys(wheels) as ReadonlyArray<WheelName>

/** Platform tags of the wheels by glibc version, 2.5 to 2.31, and older names of some of them. */
const platforms = [
  ...["1", "2010", "2014"].map((year) => `--platform=manylinux${year}_x86_64`),
  ...Array.from({ length: 27 }, (_, index) => `--platform=manylinux_2_${5 + index}_x86_64`)
]

/** The lines of a requirements file: the plugin and its libraries, each with its digest. */
export const requirementsOf = ({ libraries = [], requirement, sha256 }: Wheel): string =>
  [`${requirement} ${sha256}`, ...libraries].map((line) => `${line.replace(" ", " --hash=sha256:")}\n`).join("")

/** Installs a plugin and its libraries into a folder, without other dependencies. */
export const install = Effect.fn("Wheels.install")(
  function* (wheel: Wheel, folder: string) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    if (`${process.platform} ${process.arch}` !== "linux x64") {
      const machine = `${process.platform} ${process.arch}`
      return yield* new SetupError({ reason: `the plugins are for linux x64, this is ${machine}` })
    }
    if (!(yield* Commands.answers("python3", ["-m", "pip", "--version"]))) {
      return yield* new SetupError({
        reason: "`python3 -m pip` is not installed; on Debian: apt-get install python3-pip"
      })
    }
    const requirements = path.join(yield* fs.makeTempDirectoryScoped(), "requirements.txt")
    yield* fs.writeFileString(requirements, requirementsOf(wheel))
    const options = "--quiet --disable-pip-version-check --upgrade --no-deps --require-hashes --only-binary=:all:"
    yield* Commands.run("python3", [
      "-m",
      "pip",
      "install",
      ...options.split(" "),
      ...platforms,
      "--python-version=3.12",
      `--target=${folder}`,
      `--requirement=${requirements}`
    ])
  },
  Effect.scoped,
  Effect.catchTag("PlatformError", ({ message }) => Effect.fail(new SetupError({ reason: message })))
)
