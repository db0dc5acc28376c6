/**
 * The `package.json` that is published, made of the repository's own.
 */
import packageJson from "../package.json" with { type: "json" }

/** `./src/testing/index.ts` as it is in the package: its declarations and its JavaScript. */
const compiled = (source: string) => {
  const path = source.replace("./src/", "./lib/").replace(/\.ts$/, "")
  return { types: `${path}.d.ts`, default: `${path}.js` }
}

/** `imports` are the vendored files by the names under which modules import them. */
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
