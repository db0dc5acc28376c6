import { assert, describe, it } from "@effect/vitest"
import type { Figure } from "../../../src/core/Figure.ts"
import {
  caption,
  commonTitle,
  figures,
  groupsOf,
  type ReportedRun
} from "../../../src/pipelines/figures/SweepFigures.ts"

const figure = (name: string, title: string): Figure => ({
  name,
  title,
  caption: `Caption of ${title}.`,
  view: { mark: "point" }
})

const run = (label: string, ...figures: ReadonlyArray<Figure>): ReportedRun => ({
  label,
  history: [{ epoch: 1, step: 10, metrics: { "test/loss": 1 }, examplesPerSecond: 1 }],
  metrics: {},
  figures,
  likelihood: { _tag: "BernoulliLogits" }
})

/** Names and titles of the figures that compare runs. */
const compared = (...runs: ReadonlyArray<ReportedRun>) => figures("sweep", runs).map(({ name, title }) => [name, title])

const curves = ["curves", "sweep · test loss and its terms"]
const plane = ["rate-distortion", "sweep · rate against distortion on test images"]

describe("the figures of a sweep", () => {
  it("plot rate against distortion only for equal likelihoods", () => {
    const metrics = { "test/kl": 4, "test/reconstruction": 90 }
    const [a, b] = [
      { ...run("a"), metrics },
      { ...run("b"), metrics }
    ]
    assert.deepStrictEqual(compared(a, b), [curves, plane])
    const density = { ...b, likelihood: { _tag: "GaussianLikelihood", deviation: 1 } }
    assert.deepStrictEqual(compared(a, density), [curves])
  })

  it("are none for a single run", () => {
    assert.deepStrictEqual(compared(run("a", figure("samples", "MNIST: samples"))), [])
  })

  it("combine figures that at least two runs have", () => {
    const samples = figure("samples", "MNIST: samples")
    const manifold = figure("manifold", "MNIST: manifold")
    const lines = figure("lines", "MNIST: lines")
    const found = figures("sweep", [run("a", samples, lines), run("b", samples, manifold), run("c", samples, manifold)])
    assert.deepStrictEqual(
      found.map(({ name, title }) => [name, title]),
      [["samples", "sweep · MNIST: samples"], ["manifold", "sweep · MNIST: manifold"], curves]
    )
    assert.strictEqual(found[1]!.caption, "b: Caption of MNIST: manifold. c: Caption of MNIST: manifold.")
    assert.lengthOf(found[1]!.view["concat"] as ReadonlyArray<unknown>, 2)
  })

  it("name no dataset where the runs have different ones", () => {
    assert.deepStrictEqual(
      compared(run("a", figure("samples", "MNIST: samples")), run("b", figure("samples", "Fashion-MNIST: samples"))),
      [["samples", "sweep · samples"], curves]
    )
  })

  it("have the title that the runs' figures have in common", () => {
    for (const [titles, common] of [
      [["MNIST: samples", "MNIST: samples"], "MNIST: samples"],
      [["MNIST: codes of 10 test images", "MNIST: codes of 5,000 test images"], "MNIST: codes of test images"],
      [["MNIST, 1 image: codes of 1 image", "MNIST: codes of 10 images"], "codes of"],
      [["A: t-SNE of 5 codes", "A: t-SNE of 5 codes of images"], "A: t-SNE of 5 codes"],
      [["samples", "samples"], "samples"],
      [["A: twice twice", "A: twice"], "A: twice"],
      [["A: codes", "A: samples"], "A: codes"],
      [["A: B: c", "A: B: d c"], "A: B: c"]
    ] as const) {
      assert.strictEqual(commonTitle(titles), common)
    }
  })

  it("have one figure of curves instead of the runs' own", () => {
    const own = figure("curves", "MNIST: loss")
    assert.deepStrictEqual(compared(run("a", own), run("b", own)), [curves])
  })
})

describe("groups of runs", () => {
  it("are runs that differ only in their seeds", () => {
    assert.deepStrictEqual(groupsOf(["β = 0, seed = 1", "β = 0, seed = 2", "β = 4, seed = 1"]), [
      "β = 0, 2 seeds",
      "β = 0, 2 seeds",
      "β = 4"
    ])
    for (const labels of [["β = 0", "β = 4"], ["seed = 1", "seed = 2"], []]) {
      assert.deepStrictEqual(
        groupsOf(labels),
        labels.map(() => undefined)
      )
    }
  })

  it("share a colour", () => {
    const labels = ["β = 0, seed = 1", "β = 0, seed = 2", "β = 4, seed = 1", "β = 4, seed = 2"]
    const [found] = figures(
      "sweep",
      labels.map((label) => run(label))
    )
    const [panel] = found!.view["hconcat"] as ReadonlyArray<any>
    assert.deepStrictEqual(panel.encoding.color.scale.domain, ["β = 0, 2 seeds", "β = 4, 2 seeds"])
    assert.deepStrictEqual(panel.encoding.detail, { field: "series", type: "nominal" })
    assert.deepStrictEqual(
      panel.data.values.map(({ series }: { readonly series: string }) => series),
      labels
    )
  })
})

describe("a run's label", () => {
  it("is readable", () => {
    assert.strictEqual(caption("beta=12 seed=1"), "β = 12, seed = 1")
    assert.strictEqual(caption(""), "")
  })
})
