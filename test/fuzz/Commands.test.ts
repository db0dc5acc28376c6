import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { CliError } from "effect/cli"
import { TestConsole } from "effect/testing"
import * as CommandLine from "../../src/pipelines/commands/CommandLine.ts"
import * as FigureFolder from "../../src/pipelines/store/FigureFolder.ts"
import { float32 } from "../../src/core/Tensors.ts"
import * as Run from "../../src/pipelines/store/Run.ts"
import * as Summary from "../../src/pipelines/store/Summary.ts"
import { manifestOf } from "../pipelines/SampleManifest.ts"
import { fuzz } from "./Fuzz.ts"
import { damage, type Draw } from "./Mutations.ts"

const root = mkdtempSync(join(tmpdir(), "fuzzed-commands-"))
afterAll(() => rmSync(root, { recursive: true }))

const platform = Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici)

const [one, other] = [0, 1].map((seed) => manifestOf(seed)) as [
  ReturnType<typeof manifestOf>,
  ReturnType<typeof manifestOf>
]

const figure: FigureFolder.StoredFigure = {
  figure: { name: "curves", title: "Curves", caption: "They fall.", view: { mark: "line" } },
  png: Uint8Array.of(0x89)
}

/** A results folder with two finished runs, in which nothing is wrong. */
const whole = Effect.gen(function* () {
  const folder = join(root, "whole")
  const experiment = join(folder, "beta-sweep")
  for (const manifest of [one, other]) {
    const run = yield* Run.make("beta-sweep", manifest.id, join(experiment, manifest.id))
    yield* run.writeManifest(manifest)
    yield* run.appendHistory({ epoch: 1, step: 10, metrics: { "test/loss": 100 }, examplesPerSecond: 10 })
    yield* run.saveCheckpoint({ tensors: { a: float32([1], Float32Array.of(1)) }, epoch: 1, step: 10, sums: {} })
    yield* run.writeSummary({ epoch: 1, step: 10, metrics: { "test/loss": 100 } })
    yield* run.writeEvaluation("0123456789ab", { spec: { _tag: "Curves" }, metrics: { "test/elbo": -1 } }, [figure])
  }
  const runs = [one, other].map(({ id, parameters, seed }) => ({
    id,
    parameters,
    seed,
    status: "done" as const,
    directory: id,
    metrics: { "test/loss": 100 }
  }))
  yield* Summary.write(experiment, { experiment: "beta-sweep", runs })
  return folder
}).pipe(Effect.provide(platform))

/** Damages, removes or replaces an entry of a folder, or puts something foreign into it. */
const disturb = (folder: string, draw: Draw): void => {
  const entries = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()
  if (entries.length === 0) return writeFileSync(join(folder, "notes.txt"), "")
  const path = join(folder, draw.pick(entries))
  const isFile = statSync(path).isFile()
  draw.pick([
    () => isFile && writeFileSync(path, damage(readFileSync(path), draw)),
    () => isFile && writeFileSync(path, new Uint8Array(0)),
    () => rmSync(path, { recursive: true }),
    () => {
      rmSync(path, { recursive: true })
      if (isFile) mkdirSync(path)
      else writeFileSync(path, "a file")
    },
    () => writeFileSync(join(isFile ? folder : path, draw.pick(["notes.txt", ".x", "0123456789ab.json"])), "{}")
  ])()
}

const words = (draw: Draw): string =>
  draw.pick([
    () => "beta-sweep",
    () => draw.pick([one, other]).id,
    () => draw.pick([one, other]).id.slice(0, draw.below(12)),
    () => `beta-sweep/${one.id}`,
    () =>
      draw.pick([
        ".",
        "..",
        "/",
        "",
        "-",
        "nothing",
        "__proto__",
        "0".repeat(12),
        "x".repeat(5000),
        "beta-sweeep",
        "*",
        "\ud800"
      ])
  ])()

interface Case {
  readonly folder: string
  readonly args: ReadonlyArray<string>
}

const tags = ["StoreError", "UsageError", "RunLocked", "TargetError"]

describe("commands that read runs", () => {
  it.live("show, compare and clean: their own messages or a refusal, for any state of the folder", () =>
    Effect.gen(function* () {
      const source = yield* whole
      const folder = join(root, "damaged")
      const outcomes = yield* fuzz({
        name: "commands",
        count: 150,
        draw: (draw): Case => {
          rmSync(folder, { recursive: true, force: true })
          cpSync(source, folder, { recursive: true })
          for (let left = draw.below(4); left > 0; left--) disturb(folder, draw)
          const command = draw.pick(["show", "compare", "clean"])
          const targets = Array.from({ length: command === "compare" ? 2 : 1 }, () => words(draw))
          const more = draw.chance(0.3) && command !== "clean" ? ["--json"] : []
          return { folder, args: [command, ...targets, "--results", folder, ...more] }
        },
        read: ({ args }) => CommandLine.run(args, "0"),
        refusal: (error) => CliError.isCliError(error) || tags.includes((error as { readonly _tag: string })._tag),
        accepted: () => {}
      })
      assert.isAbove(outcomes.accepted, 30)
      assert.isAbove(outcomes.refused, 30)
      const printed = (yield* TestConsole.logLines).join("\n")
      for (const text of ["beta-sweep", one.id, "curves"]) assert.include(printed, text)
    }).pipe(Effect.provide([platform, TestConsole.layer, Logger.layer([])]))
  )
})
