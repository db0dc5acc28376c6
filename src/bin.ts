#!/usr/bin/env node
/**
 * Starts `effect-vae`, the command of the published package, with Node's compile cache.
 */
import * as Module from "node:module"

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
// Before anything else is loaded, because it would fail with a syntax or type error.
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`error: effect-vae needs Node.js 22.19 or later; this is ${process.versions.node}\n`)
  process.exit(1)
}
// Bun and Deno have no compile cache.
Module.enableCompileCache?.()
await import("./effectVae.ts")
