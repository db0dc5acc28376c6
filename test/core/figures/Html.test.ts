import { assert, describe, it } from "@effect/vitest"
import * as Html from "../../../src/core/figures/Html.ts"

describe("Html", () => {
  it("keeps text text", () => {
    assert.strictEqual(
      Html.text(`<b onclick="x">&amp; 'q'</b>`),
      "&lt;b onclick=&quot;x&quot;&gt;&amp;amp; &#39;q&#39;&lt;/b&gt;"
    )
  })

  it("keeps data data, and its value", () => {
    const value = { "</script>": ["<!--", "]]>", '"', "\u2028"] }
    assert.notInclude(Html.json(value), "<")
    assert.deepStrictEqual(JSON.parse(Html.json(value)), value)
  })

  it("removes end tags from a script, and keeps the values of its strings", () => {
    const source = `["</script>", "</SCRIPT >", "<!-- x"].join()`
    const kept = Html.script(source)
    assert.notMatch(kept, /<\/script|<!--/i)
    assert.strictEqual(new Function(`return ${kept}`)(), "</script>,</SCRIPT >,<!-- x")
  })
})
