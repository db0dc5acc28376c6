import * as Native from "../../../src/core/engines/Native.ts"
import { engineContract } from "../../../src/testing/EngineContract.ts"

engineContract("native", Native.layer({ threads: 1 }))
engineContract("native with two threads", Native.layer({ threads: 2 }))
