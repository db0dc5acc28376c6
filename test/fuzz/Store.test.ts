import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ByteSize, Effect, FileSystem, Logger, Option, Path, Schema } from "effect"
import { canonicalJson, digestOf, type Json } from "../../src/core/Spec.ts"
import { float32 } from "../../src/core/Tensors.ts"
import { Manifest } from "../../src/pipelines/store/Manifest.ts"
import * as FigureFolder from "../../src/pipelines/store/FigureFolder.ts"
import * as ModelFolder from "../../src/pipelines/store/ModelFolder.ts"
import * as Run from "../../src/pipelines/store/Run.ts"
import * as RunLock from "../../src/pipelines/store/RunLock.ts"
import * as RunStore from "../../src/pipelines/store/RunStore.ts"
import type { StoreError } from "../../src/pipelines/files/StoreError.ts"
import { manifestOf } from "../pipelines/SampleManifest.ts"
import { fuzz, hasTag, type Outcomes } from "./Fuzz.ts"
import { canonical, reword } from "./JsonMutations.ts"
import { damage, type Draw } from "./Mutations.ts"
import { headerOf, reseal } from "./SafetensorsFile.ts"

const { id } = manifestOf()

const evaluator = "0123456789ab"

const refusal = hasTag("StoreError")

const figure = {
  name: "curves",
  title: "Curves",
  caption: "They fall.",
  view: { mark: "line", data: { values: [{ x: 1, y: 0.1 }] } }
}

const epoch = (number: number) => ({
  epoch: number,
  step: number * 10,
  metrics: { "train/loss": 100 / number, "test/kl": Number.NaN },
  examplesPerSecond: 9843.21
})

const state = (seed: number) => ({
  "parameters/kernel": float32([2], Float32Array.of(seed, -seed)),
  "adam/step": float32([], Float32Array.of(seed))
})

const checkpoint = (step: number) => ({ tensors: state(step), epoch: step / 10, step, sums: { loss: Number.NaN } })

const card: ModelFolder.ModelCard = {
  format: "effect-vae model 1",
  run: id,
  experiment: "beta-sweep",
  dataset: { name: "MNIST", digest: "ab".repeat(32) },
  shape: { height: 28, width: 28, channels: 1 },
  latent: 2,
  classes: ["zero", "one"],
  labelled: { encoder: false, decoder: false }
}

/** Files' contents that readers see in the place of what is on the disk: thousands of writes take longer than their readings. */
const overlay = new Map<string, Uint8Array>()

const overlaid = (fs: FileSystem.FileSystem): FileSystem.FileSystem =>
  FileSystem.FileSystem.of({
    ...fs,
    stat: (path) =>
      Effect.suspend(() => {
        const bytes = overlay.get(path)
        const size = (info: FileSystem.File.Info) => ({ ...info, size: ByteSize.bytes(bytes!.length) })
        return bytes === undefined ? fs.stat(path) : Effect.map(fs.stat(path), size)
      }),
    readFile: (path) =>
      Effect.suspend(() => (overlay.has(path) ? Effect.succeed(overlay.get(path)!) : fs.readFile(path)))
  })

/** A results folder with one run in it that has everything. */
const results = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "fuzzed-store-" })
  const store = yield* Effect.provide(RunStore.RunStore, RunStore.layer(directory))
  const experiment = yield* store.experiment("beta-sweep")
  const folder = (yield* Path.Path).join(experiment.directory, id)
  const run = yield* Run.make("beta-sweep", id, folder)
  yield* run.writeManifest(manifestOf())
  yield* run.appendHistory(epoch(1))
  yield* run.appendHistory(epoch(2))
  for (const step of [10, 20]) yield* run.saveCheckpoint(checkpoint(step))
  yield* run.saveBest({ tensors: state(20), epoch: 2, step: 20, loss: 50 })
  yield* run.saveSnapshot(1, state(10))
  yield* run.writeSummary({ epoch: 2, step: 20, metrics: epoch(2).metrics })
  yield* run.writeEvaluation(evaluator, { spec: { _tag: "Curves" }, metrics: { "test/elbo": -104.5 } }, [
    { figure, png: Uint8Array.of(0x89) }
  ])
  const film = { name: "film", title: "A film", caption: "It moves.", files: { gif: Uint8Array.of(0x47) } }
  yield* FigureFolder.write(`${folder}/figures`, [film])
  yield* ModelFolder.write(folder, { card, encoder: Uint8Array.of(1), decoder: Uint8Array.of(2), codes: state(1) })
  const row = { id, parameters: { beta: 4, hidden: [512, 256] }, seed: 0, directory: id, metrics: { "test/kl": 1 } }
  yield* experiment.writeSummary([{ ...row, status: "done" }])
  return { run, experiment, folder }
})

const json = (bytes: Uint8Array): any => JSON.parse(new TextDecoder().decode(bytes))

/** A manifest's fields with the digests that belong to them, where they can have any. */
const sealed = (text: string): string => {
  const parsed: unknown = JSON.parse(text)
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return text
  const { digests: _digests, formatVersion, ...fields } = parsed as Record<string, Json>
  try {
    const digests = Object.entries(fields).map(([name, value]) => [name, digestOf(value).slice(0, 16)])
    return JSON.stringify({ formatVersion, ...fields, digests: Object.fromEntries(digests) })
  } catch {
    // Too deep, or with half a character: nothing that is written has such a digest.
    return text
  }
}

/** What the bytes of a manifest say. */
const saidByManifest = (bytes: Uint8Array) => {
  const { digests: _digests, formatVersion: _version, ...fields } = json(bytes)
  return canonical({ ...fields, started: new Date(fields.started), ended: fields.ended && new Date(fields.ended) })
}

const encodeManifest = Schema.encodeSync(Schema.toCodecJson(Manifest))

const manifestSays = (manifest: Manifest) =>
  saidByManifest(new TextEncoder().encode(JSON.stringify(encodeManifest(manifest))))

const jsonCase =
  (source: Uint8Array, seal: (text: string) => string = (text) => text) =>
  (draw: Draw): Uint8Array => {
    if (draw.chance(0.5)) return damage(source, draw)
    const text = reword(json(source), draw)
    return new TextEncoder().encode(draw.chance(0.8) ? seal(text) : text)
  }

/** Changes what a file of tensors says of itself, under a right digest, or damages it. */
const tensorsCase =
  (source: Uint8Array) =>
  (draw: Draw): Uint8Array => {
    if (draw.chance(0.5)) return damage(source, draw)
    const { data, header } = headerOf(source)
    const { __metadata__: metadata, ...entries } = header
    const text = draw.chance(0.7)
      ? `{"__metadata__":${reword(metadata, draw)},${JSON.stringify(entries).slice(1)}`
      : reword(header, draw)
    return reseal(text, data, true)
  }

/** A header's metadata. */
const metadataOf = (bytes: Uint8Array): Record<string, string> =>
  headerOf(bytes).header["__metadata__"] as Record<string, string>

const silent = Logger.layer([])

const assertBoth = ({ accepted, refused }: Outcomes) => {
  assert.isAbove(accepted, 30)
  assert.isAbove(refused, 300)
}

const live = <E>(name: string, test: Effect.Effect<unknown, E, FileSystem.FileSystem | Path.Path>) =>
  it.live(name, () =>
    test.pipe(Effect.updateService(FileSystem.FileSystem, overlaid), Effect.provide([NodeServices.layer, silent]))
  )

/** Fuzzes what one file holds: `read` must give what the file says, or refuse it. */
const fuzzFile = <A, R>(
  name: string,
  path: string,
  read: Effect.Effect<A, StoreError, R>,
  drawFrom: (source: Uint8Array) => (draw: Draw) => Uint8Array,
  accepted: (found: A, bytes: Uint8Array) => void,
  count?: number
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const source = yield* fs.readFile(path)
    const outcomes = yield* fuzz({
      name,
      draw: drawFrom(new Uint8Array(source)),
      read: (bytes) => {
        overlay.set(path, bytes)
        return read
      },
      refusal,
      accepted,
      ...(count !== undefined && { count })
    })
    overlay.delete(path)
    return outcomes
  })

describe("the run store", () => {
  live(
    "manifests",
    Effect.gen(function* () {
      const { folder, run } = yield* results
      const outcomes = yield* fuzzFile(
        "manifest",
        `${folder}/manifest.json`,
        run.manifest,
        (source) => jsonCase(source, sealed),
        (found, bytes) => assert.strictEqual(manifestSays(Option.getOrThrow(found)), saidByManifest(bytes))
      )
      assertBoth(outcomes)
    }).pipe(Effect.scoped)
  )

  live(
    "summaries, results of evaluations, figures",
    Effect.gen(function* () {
      const { experiment, folder, run } = yield* results
      const readers: ReadonlyArray<
        readonly [string, string, Effect.Effect<Option.Option<unknown>, StoreError, FileSystem.FileSystem | Path.Path>]
      > = [
        ["run's summary", `${folder}/summary.json`, run.summary],
        ["result of an evaluation", `${folder}/evaluations/${evaluator}.json`, run.evaluation(evaluator)],
        ["figure", `${folder}/figures/curves.vl.json`, run.figure("curves")],
        [
          "text about a film",
          `${folder}/figures/film.about.json`,
          FigureFolder.readDescription(`${folder}/figures`, "film")
        ],
        ["model's card", `${folder}/model/model.json`, ModelFolder.card(folder)],
        ["experiment's summary", `${experiment.directory}/summary.json`, experiment.summary]
      ]
      for (const [name, path, read] of readers) {
        const outcomes = yield* fuzzFile(name, path, read, jsonCase, (found, bytes) => {
          // Of an evaluation one of whose figures is not there nothing is said.
          if (Option.isSome(found)) assert.strictEqual(canonical(found.value), canonical(json(bytes)))
          else assert.notDeepEqual(json(bytes).figures, ["curves"])
        })
        assertBoth(outcomes)
      }
    }).pipe(Effect.scoped)
  )

  live(
    "histories: all whole lines, or the first that is damaged",
    Effect.gen(function* () {
      const { folder, run } = yield* results
      const lines = (bytes: Uint8Array) => new TextDecoder().decode(bytes).split("\n").slice(0, -1)
      const outcomes = yield* fuzzFile(
        "history",
        `${folder}/metrics.ndjson`,
        Effect.all({ all: run.history, readable: run.readableHistory }),
        (source) => (draw) => {
          if (draw.chance(0.5)) return damage(source, draw)
          const text = lines(source).map((line) => (draw.chance(0.5) ? line : reword(JSON.parse(line), draw)))
          return new TextEncoder().encode(`${text.join("\n")}${draw.pick(["\n", "", "\r\n", "\n\n"])}`)
        },
        ({ all, readable }, bytes) => {
          assert.deepStrictEqual(readable, { epochs: all, fault: Option.none() })
          assert.deepStrictEqual(
            all.map(canonical),
            lines(bytes).map((line) => canonical(JSON.parse(line)))
          )
        }
      )
      assertBoth(outcomes)
    }).pipe(Effect.scoped)
  )

  live(
    "checkpoints: the newest that is whole, whatever the newer one has become",
    Effect.gen(function* () {
      const { folder, run } = yield* results
      const counts = { newest: 0, former: 0 }
      const numbers = (metadata: Record<string, string>) =>
        canonical([Number(metadata["epoch"]), Number(metadata["step"]), JSON.parse(metadata["sums"]!)])
      yield* fuzzFile(
        "checkpoint",
        `${folder}/checkpoints/step-0000000020.safetensors`,
        run.checkpoint,
        tensorsCase,
        (found, bytes) => {
          const { tensors, ...progress } = Option.getOrThrow(found)
          if (progress.step === 10) {
            counts.former++
            return assert.deepStrictEqual<object>({ tensors, ...progress }, checkpoint(10))
          }
          counts.newest++
          assert.strictEqual(canonical([progress.epoch, progress.step, progress.sums]), numbers(metadataOf(bytes)))
          assert.strictEqual(metadataOf(bytes)["run"], id)
        }
      )
      assert.isAbove(counts.newest, 30)
      assert.isAbove(counts.former, 300)
    }).pipe(Effect.scoped)
  )

  live(
    "best checkpoints, snapshots and codes",
    Effect.gen(function* () {
      const { folder, run } = yield* results
      const best = { found: 0, none: 0 }
      yield* fuzzFile(
        "best checkpoint",
        `${folder}/checkpoints/best.safetensors`,
        run.best,
        tensorsCase,
        (found, bytes) => {
          best[Option.isSome(found) ? "found" : "none"]++
          if (Option.isNone(found)) return
          const { epoch, loss, step } = found.value
          const metadata = metadataOf(bytes)
          assert.deepStrictEqual(
            [epoch, step, loss],
            ["epoch", "step", "loss"].map((name) => Number(metadata[name]))
          )
        }
      )
      assert.isTrue(best.found > 30 && best.none > 300)
      const outcomes = yield* fuzzFile(
        "snapshot",
        `${folder}/snapshots/epoch-0001.safetensors`,
        run.snapshot(1),
        tensorsCase,
        (found, bytes) => {
          const { __metadata__: _metadata, ...entries } = headerOf(bytes).header
          assert.sameMembers(Object.keys(Option.getOrThrow(found)), Object.keys(entries))
          assert.strictEqual(Number(metadataOf(bytes)["epoch"]), 1)
        }
      )
      assertBoth(outcomes)
      const codes = yield* fuzzFile(
        "codes",
        `${folder}/model/codes.safetensors`,
        ModelFolder.codes(folder),
        tensorsCase,
        (found, bytes) => {
          const { __metadata__: _metadata, ...entries } = headerOf(bytes).header
          assert.sameMembers(Object.keys(Option.getOrThrow(found)), Object.keys(entries))
        }
      )
      assertBoth(codes)
    }).pipe(Effect.scoped)
  )

  live(
    "claims to a run: of one that cannot be read nobody can tell who made it",
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped({ prefix: "fuzzed-lock-" })
      const lock = yield* RunLock.make(folder)
      yield* Effect.gen(function* () {
        yield* lock.acquire(id)
        const [name] = yield* fs.readDirectory(folder)
        const outcomes = yield* fuzzFile("claim", `${folder}/${name}`, lock.owner(id), jsonCase, () => {}, 200)
        assert.strictEqual(outcomes.refused, 0)
      }).pipe(Effect.scoped)
    }).pipe(Effect.scoped)
  )

  it("canonical forms agree", () => assert.strictEqual(canonical(figure), canonicalJson(figure)))
})
