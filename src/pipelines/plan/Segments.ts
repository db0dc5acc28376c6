/**
 * The segments of a resumed run: which process took which of its steps.
 */
import { Option } from "effect"
import { canonicalJson, type Json } from "../../core/Spec.ts"
import { differences, formatDifference } from "./Differences.ts"
import type { Manifest, Segment } from "../store/Manifest.ts"

/** The segments of earlier processes whose steps are in a run that resumes from `fromStep`, oldest first. */
export const earlierSegments = (previous: Option.Option<Manifest>, fromStep: number): ReadonlyArray<Segment> => {
  if (Option.isNone(previous)) return []
  const { earlier = [], ended, engine, fromStep: start, git, host, started, status, versions } = previous.value
  const last: Segment = {
    ...(start !== undefined && { fromStep: start }),
    engine,
    versions,
    host,
    started,
    status,
    ...(git !== undefined && { git }),
    ...(ended !== undefined && { ended })
  }
  // Steps of a segment after the checkpoint are lost.
  return [...earlier, last].filter((part) => (part.fromStep ?? 0) < fromStep)
}

/** Circumstances that may affect a segment's numbers in addition to the run's specs. */
type Circumstances = Pick<Segment, "engine" | "git" | "host" | "versions">

const described = ({ engine, git, host, versions }: Circumstances): Json => ({
  engine,
  versions,
  code:
    git === undefined
      ? "not a checkout"
      : `commit ${git.commit}${git.diff === undefined ? "" : ` changed by ${git.diff}`}`,
  host: { platform: host.platform, arch: host.arch, cpu: host.cpu }
})

const inSentences = (earlier: Json, now: Json): ReadonlyArray<string> =>
  differences(earlier, now).map((difference) => formatDifference(difference, { left: "before", right: "now" }))

/** The differences between two segments as text: `engine.threads is 2 before, 4 now`. */
export const changes = (earlier: Circumstances, now: Circumstances): ReadonlyArray<string> =>
  inSentences(described(earlier), described(now))

/**
 * Whether two segments compute the same bits: the same engine, with any number of threads, on the same instruction set. An
 * engine that does not state its instruction set chooses it by the processor, which must then be the same.
 */
export const sameBits = (one: Circumstances, other: Circumstances): boolean => {
  const identity = ({ engine, host }: Circumstances): Json => {
    const { threads: _threads, ...stated } = engine
    return {
      ...stated,
      ...(!("instructions" in engine) && { cpu: host.cpu, arch: host.arch, platform: host.platform })
    }
  }
  return canonicalJson(identity(one)) === canonicalJson(identity(other))
}

/** The differences between two engines as text; whether the run was trained in a stack is not a part of its engine. */
export const engineChanges = (earlier: Segment["engine"], now: Segment["engine"]): ReadonlyArray<string> => {
  const { stack: _, ...alone } = earlier
  return inSentences({ engine: alone }, { engine: now })
}
