import { execFile } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { mkdir, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { isExperiment } from "../../src/core/Experiment.ts"
import { reserved } from "../../src/pipelines/plan/LoadExperiment.ts"
import { plan } from "../../src/pipelines/plan/Plan.ts"
import { anchors, type CodeBlock, codeBlocks, documents, relativeLinks, root, textOf } from "./Markdown.ts"

/** Within the package, so that `effect-vae` is found as a user finds it. */
const folder = join(import.meta.dirname, ".blocks")

/** Whole modules; what imports nothing is a fragment, shown for its form. */
const blocks = documents.flatMap(codeBlocks).filter(({ code, language }) => language === "ts" && /^import /m.test(code))

const fileOf = ({ document, line }: CodeBlock): string =>
  join(folder, `${document.replaceAll(/[/.]/g, "-")}-line-${line}.ts`)

/** Run when this file is collected, so that the contract suites among them register their tests. */
await rm(folder, { recursive: true, force: true })
await mkdir(folder)
for (const block of blocks) await writeFile(fileOf(block), block.code)
const modules = new Map<CodeBlock, Record<string, unknown>>()
for (const block of blocks) modules.set(block, await import(/* @vite-ignore */ pathToFileURL(fileOf(block)).href))

const experiments = readdirSync(join(root, "experiments")).map((name) => name.replace(/\.ts$/, ""))

/** Stands for data that is not there: a plan reads none. */
const located = { source: "built in", location: "nowhere", digest: "0".repeat(64) } as const

const platform = Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici)

afterAll(() => rm(folder, { recursive: true, force: true }))

describe("code blocks", () => {
  let errors = ""

  beforeAll(async () => {
    const options = { extends: "../../../tsconfig.json", include: ["*.ts", "../../../src/**/*.d.ts"], exclude: [] }
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(options))
    const tsc = join(root, "node_modules/typescript/bin/tsc")
    errors = await promisify(execFile)(process.execPath, [tsc, "-p", folder], { cwd: root }).then(
      () => "",
      ({ stdout }: { readonly stdout: string }) => stdout
    )
  }, 180_000)

  it("exist", () => {
    assert.isAbove(blocks.length, 5)
  })

  it.each(blocks.map((block) => [`${block.document}, line ${block.line}`, block] as const))(
    "%s compiles",
    (_, block) => {
      const name = fileOf(block).slice(folder.length + 1)
      assert.deepStrictEqual(
        errors.split("\n").filter((line) => line.includes(name)),
        []
      )
    }
  )

  it("of all documents compile", () => {
    assert.strictEqual(errors, "")
  })

  for (const [block, exported] of modules) {
    const title = `${block.document}, line ${block.line}`
    const experiment = exported["default"]
    if (isExperiment(experiment)) {
      it.effect(`${title}: the experiment can be planned`, () =>
        Effect.gen(function* () {
          const runs = yield* plan(experiment, () => Effect.succeed(located))
          assert.isAbove(runs.length, 0)
          assert.strictEqual(new Set(runs.map(({ id }) => id)).size, runs.length)
        }).pipe(Effect.provide(platform))
      )
    }
    for (const [name, value] of Object.entries(exported)) {
      if (!Layer.isLayer(value)) continue
      it.effect(`${title}: the layer ${name} can be built`, () =>
        Effect.asVoid(Layer.build(value as Layer.Layer<unknown, unknown>))
      )
    }
  }
})

describe("documents", () => {
  it.each(documents)("%s has no broken links", (document) => {
    for (const target of relativeLinks(document)) {
      const [path = "", anchor] = target.split("#")
      const file = path === "" ? document : join(dirname(document), path)
      assert.isTrue(existsSync(join(root, file)), `${document}: ${target}`)
      if (anchor !== undefined) assert.include(anchors(file), anchor, `${document}: ${target}`)
    }
  })

  it.each(documents)("%s runs experiments and commands that exist", (document) => {
    for (const [, name = ""] of textOf(document).matchAll(/pnpm(?:@\d+)? run exp ([a-z][\w-]*)/g)) {
      assert.include([...experiments, ...reserved], name)
    }
  })

  it("name files that exist", () => {
    for (const [, path = ""] of textOf("docs/architecture.md").matchAll(
      /`((?:src|bench|build|test|experiments)\/[\w./-]*)`/g
    )) {
      assert.isTrue(existsSync(join(root, path)), path)
    }
  })
})
