/**
 * The program `effect-vae` of the published package.
 */
import { launch, version } from "./Launch.ts"
import * as EffectVae from "./pipelines/commands/EffectVae.ts"

launch((args) => EffectVae.run(args, version))
