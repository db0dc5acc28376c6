#!/usr/bin/env node
/**
 * Starts `effect-vae`, the command of the published package, with compiled code kept between calls.
 */
import { enableCompileCache } from "node:module"

enableCompileCache()
await import("./effectVae.ts")
