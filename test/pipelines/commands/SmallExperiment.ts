/** The sandbox's experiment as a file, as the command line loads it. */
import { Curves, experiment } from "../Sandbox.ts"

export default experiment(Curves())
