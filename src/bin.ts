#!/usr/bin/env node
/**
 * Starts `effect-vae`, the command of the published package, with Node's compile cache.
 */
import * as Module from "node:module"

// Bun and Deno have no compile cache.
Module.enableCompileCache?.()
await import("./effectVae.ts")
