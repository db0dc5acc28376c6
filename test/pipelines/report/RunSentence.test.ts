import { assert, describe, it } from "@effect/vitest"
import { sentences } from "../../../src/pipelines/report/RunSentence.ts"

type Run = Parameters<typeof sentences>[0][number]

const model = { latent: 20 } as NonNullable<Run["model"]>
const run = (of: Partial<Run>): Run => ({ status: "done", epochs: { done: 5, of: 5 }, metrics: {}, ...of })
const sentence = (of: Partial<Run>): string => sentences([run(of)], true)[0]!

describe("the sentence of a run", () => {
  it("says how good a finished run is, by its ELBO or else its test loss", () => {
    const metrics = { "test/elbo": -105.7123, "test/loss": 105.7, "test/reconstruction": 80.501, "test/kl": 25.2113 }
    assert.strictEqual(
      sentence({ metrics: { ...metrics, "test/active-units": 12 }, model }),
      "ELBO −105.71 nats per image (reconstruction 80.501, KL divergence 25.211); 12 of 20 latent dimensions are active."
    )
    assert.strictEqual(
      sentence({
        metrics: { "test/loss": 3, "test/reconstruction": 2, "test/kl-estimate": 1, "test/active-units": 1 },
        model
      }),
      "test loss 3 (reconstruction 2, estimated KL divergence 1); 1 of 20 latent dimensions is active."
    )
    assert.strictEqual(sentence({}), "Finished after 5 of 5 epochs.")
  })

  it("says why a run is not finished", () => {
    const epochs = { done: 2, of: 5 }
    const metrics = { "test/loss": 120.5 }
    assert.strictEqual(sentence({ status: "planned", epochs: { done: 0, of: 5 } }), "Not started.")
    assert.strictEqual(sentence({ status: "running", epochs, metrics }), "In training: 2 of 5 epochs; test loss 120.5.")
    assert.strictEqual(sentence({ status: "interrupted", epochs }), "Interrupted after 2 of 5 epochs.")
    assert.strictEqual(
      sentence({ status: "failed", epochs, error: "the loss is NaN.\nat line 3" }),
      "Failed after 2 of 5 epochs: the loss is NaN."
    )
  })

  it("names the best ELBO among comparable finished runs", () => {
    const elbo = (value: number, status: Run["status"] = "done") => run({ status, metrics: { "test/elbo": value } })
    const runs = [elbo(-120), elbo(-105), elbo(-90, "failed"), elbo(Number.NaN), run({})]
    assert.deepStrictEqual(
      sentences(runs, true).map((text) => text.startsWith("Best of 2: ELBO −105 ")),
      [false, true, false, false, false]
    )
    assert.notInclude(sentences(runs, false).join(), "Best")
    assert.notInclude(sentences([elbo(-1)], true).join(), "Best")
  })
})
