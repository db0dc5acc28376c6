#!/usr/bin/env node
/**
 * Starts `effect-vae`, the command of the published package, with compiled code kept between calls.
 */
import * as Module from "node:module"

// Bun and Deno have no such cache.
Module.enableCompileCache?.()
await import("./effectVae.ts")
