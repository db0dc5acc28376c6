/**
 * Compiles the binding of `@tensorflow/tfjs-node` to libtensorflow from the package's source.
 */
import { Effect, FileSystem, Path } from "effect"
import * as Commands from "./Commands.ts"
import { libraries } from "./Archives.ts"
import * as Packages from "./Packages.ts"
import { SetupError } from "./SetupError.ts"

/** The version of Node-API, which is stable across versions of Node. */
const interfaceVersion = 8

/** The headers that the source includes; all their contents are in `c_api.h`. */
const headers = [
  "c/c_api.h",
  "c/eager/c_api.h",
  "c/tf_datatype.h",
  "c/tf_status.h",
  "c/tf_tensor.h",
  "core/platform/ctstring_internal.h"
]

/** The C++ compiler: `CXX`, or `c++`. */
export const compiler = process.env["CXX"] ?? "c++"

/** Fails if there is no compiler. */
export const checkCompiler = Effect.flatMap(Commands.answers(compiler, ["--version"]), (there) =>
  there
    ? Effect.void
    : Effect.fail(
        new SetupError({ reason: `there is no C++ compiler (${compiler}): install one, such as Debian's package g++` })
      )
)

/** Compiles the binding against the libraries in `deps/lib` of the package. */
export const compile = Effect.fn("Binding.compile")(
  function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = yield* Packages.packageFolder
    const include = yield* fs.makeTempDirectoryScoped()
    for (const header of headers) {
      const file = path.join(include, "tensorflow", header)
      yield* fs.makeDirectory(path.dirname(file), { recursive: true })
      yield* fs.writeFileString(file, `#include "${path.join(Packages.folder, "c_api.h")}"\n`)
    }
    const output = path.join(folder, "lib", `napi-v${interfaceVersion}`)
    yield* fs.makeDirectory(output, { recursive: true })
    const flags = ["-std=c++17", "-O2", "-fPIC", "-shared", `-DNAPI_VERSION=${interfaceVersion}`]
    const includes = ["-I", path.join(Packages.folder, "node_modules", "node-api-headers", "include"), "-I", include]
    const sources = ["tfjs_backend.cc", "tfjs_binding.cc"].map((source) => path.join(folder, "binding", source))
    const linked = ["-L", path.join(folder, "deps", "lib"), ...libraries.map((library) => `-l:${library}`)]
    // The binding finds the libraries by relative path, and the libraries find their dependencies themselves.
    const linking = ["-Wl,--allow-shlib-undefined", "-Wl,-rpath,$ORIGIN/../../deps/lib"]
    const target = ["-o", path.join(output, "tfjs_binding.node")]
    yield* Commands.run(compiler, [...flags, ...includes, ...sources, ...target, ...linked, ...linking])
  },
  Effect.scoped,
  Effect.catchTag("PlatformError", ({ message }) => Effect.fail(new SetupError({ reason: message })))
)
