/**
 * The parts of a run that was stopped and gone on with: which process took which of its steps.
 */
import { Option } from "effect"
import type { Json } from "../../core/Spec.ts"
import { differences, formatDifference } from "./Differences.ts"
import type { Manifest, Segment } from "../store/Manifest.ts"

/** The processes whose steps are in a run that goes on from `fromStep`, oldest first. */
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
  // What a part did beyond the checkpoint that is gone on from is lost.
  return [...earlier, last].filter((part) => (part.fromStep ?? 0) < fromStep)
}

/** What a part's numbers may depend on beside the run's own description. */
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

/** In which ways a part differs from the one before, in words: `engine.threads is 2 before, 4 now`. */
export const changes = (earlier: Circumstances, now: Circumstances): ReadonlyArray<string> =>
  inSentences(described(earlier), described(now))

/** In which ways the engine differs. */
export const engineChanges = (earlier: Segment["engine"], now: Segment["engine"]): ReadonlyArray<string> =>
  inSentences({ engine: earlier }, { engine: now })
