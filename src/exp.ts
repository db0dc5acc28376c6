/**
 * The program `exp` of the repository.
 */
import { launch, version } from "./Launch.ts"
import * as CommandLine from "./pipelines/commands/CommandLine.ts"

launch((args) => CommandLine.run(args, version))
