import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { document } from "../../../src/pipelines/report/Page.ts"
import { assetScript } from "../../../src/pipelines/report/WriteAssets.ts"

const hostile = `</script><script>alert(1)</script><!--<script>"'&\u2028 ${"\\u003c"}`

describe("Page", () => {
  const html = document({
    title: hostile,
    lead: hostile,
    data: { hostile, [hostile]: 1 },
    program: `const text = "</script>"`,
    style: "body { margin: 0 }",
    live: false
  })

  it("holds the data as data: three elements end where they should", () => {
    assert.strictEqual(html.match(/<script/g)?.length, 2)
    assert.strictEqual(html.match(/<\/script/g)?.length, 2)
    const json = /<script type="application\/json" id="data">([^]*?)<\/script>/.exec(html)![1]!
    assert.deepStrictEqual(JSON.parse(json), { hostile, [hostile]: 1 })
    assert.include(
      html,
      "<title>&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;!--&lt;script&gt;&quot;&#39;&amp;"
    )
  })

  it("allows its own program by its hash, scripts beside it, and nothing else", () => {
    const program = /<script>([^]*?)<\/script>\n<\/body>/.exec(html)![1]!
    const policy = /content="(default-src[^"]*)"/.exec(html)![1]!
    const hash = createHash("sha256").update(program).digest("base64")
    assert.include(policy, `script-src 'sha256-${hash}' 'self' file: 'wasm-unsafe-eval';`)
    assert.notMatch(policy, /script-src[^;]*'unsafe-(?:inline|eval)'/)
    assert.notInclude(policy, "connect-src")
  })

  it("hands parts over as text", () => {
    let given: ReadonlyArray<string> = []
    const take = (...values: ReadonlyArray<string>) => void (given = values)
    const value = { hostile, ["__proto__"]: { polluted: true }, list: [1, null] }
    // oxlint-disable-next-line no-new-func -- what a browser does with the script
    new Function("effectVaePart", assetScript(`part${hostile}`, value))(take)
    assert.strictEqual(given[0], `part${hostile}`)
    assert.strictEqual(given[1], JSON.stringify(value))
  })
})
