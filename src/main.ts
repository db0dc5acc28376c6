/**
 * Starts `exp` with compiled code kept between calls, which halves the time to start.
 */
import { enableCompileCache } from "node:module"

enableCompileCache()
await import("./exp.ts")
