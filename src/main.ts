/**
 * Starts `exp` with Node's compile cache, which halves the startup time.
 */
import { enableCompileCache } from "node:module"

enableCompileCache()
await import("./exp.ts")
