/**
 * The published `package.json`, derived from the repository's.
 */
import packageJson from "../package.json" with { type: "json" }

/** The export conditions of a source file such as `./src/testing/index.ts`. */
const compiled = (source: string) => {
  const path = source.replace("./src/", "./lib/").replace(/\.ts$/, "")
  return { types: `${path}.d.ts`, default: `${path}.js` }
}

/** `imports` maps import names to the vendored files. */
export const published = (imports: Readonly<Record<string, string>>): Record<string, unknown> => ({
  name: packageJson.name,
  version: packageJson.version,
  description: packageJson.description,
  keywords: ["vae", "variational autoencoder", "machine learning", "effect", "experiments"],
  license: packageJson.license,
  type: "module",
  bin: { "effect-vae": "lib/bin.js" },
  exports: {
    ...Object.fromEntries(Object.entries(packageJson.exports).map(([name, source]) => [name, compiled(source)])),
    "./package.json": "./package.json"
  },
  imports,
  files: ["lib", "vendor"],
  sideEffects: ["./lib/bin.js", "./lib/main.js", "./lib/exp.js", "./lib/core/engines/Backend.js", "./vendor/**"],
  engines: { node: ">=22.19" },
  dependencies: packageJson.dependencies,
  peerDependencies: packageJson.peerDependencies,
  peerDependenciesMeta: packageJson.peerDependenciesMeta
})
