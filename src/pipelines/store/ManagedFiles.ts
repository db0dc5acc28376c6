/**
 * Which files this program creates. Only files recognised by name and location may be removed.
 */
import * as AtomicFile from "../files/AtomicFile.ts"
import type { FolderFile } from "../files/FolderFiles.ts"

const figure = String.raw`figures/(captions\.md|[A-Za-z0-9][A-Za-z0-9._-]*\.(png|svg|gif|html|vl\.json|about\.json))`

const inRun = [
  String.raw`manifest\.json|metrics\.ndjson|summary\.json|run\.log`,
  String.raw`checkpoints/(step-\d{10,}|best)\.safetensors`,
  String.raw`snapshots/epoch-\d{4,}\.safetensors`,
  String.raw`evaluations/[0-9a-f]{12}\.json`,
  String.raw`model/(encoder\.onnx|decoder\.onnx|codes\.safetensors|model\.json)`,
  figure
]

const inExperiment = [
  String.raw`summary\.(json|csv|md)|report\.html`,
  String.raw`report/(runtime|plotly|(model|codes|images|figure|animation)-[A-Za-z0-9._-]+)\.(js|gif)`,
  figure
]

const pattern = (parts: ReadonlyArray<string>): RegExp => new RegExp(`^(${parts.join("|")})$`)

/** Folders within a run's or an experiment's. */
const folders = /^(checkpoints|snapshots|evaluations|figures|model|report)$/

const patterns = { run: pattern(inRun), experiment: pattern(inExperiment) }

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

/** Whether a file is left over from an unfinished write. */
export const isTemporary = ({ path, type }: FolderFile): boolean =>
  type === "File" && AtomicFile.isTemporary(nameOf(path))

/** Whether this program created a file or folder of a run or an experiment. Never true for links. */
export const isManaged =
  (kind: keyof typeof patterns) =>
  (file: FolderFile): boolean =>
    file.type === "Directory"
      ? folders.test(file.path)
      : file.type === "File" && (patterns[kind].test(file.path) || isTemporary(file))
