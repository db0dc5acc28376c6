/**
 * The HTML document of the report: data, style and script in one file; large assets are separate files.
 *
 * Laws: data never becomes markup or code. The content security policy allows only the page's own script and those of
 * the asset folder.
 */
import { createHash } from "node:crypto"
import * as Html from "../../core/figures/Html.ts"
import type { Json } from "../../core/Spec.ts"

export interface PageOptions {
  readonly title: string
  /** Shown until the script has rendered the page, and without JavaScript. */
  readonly lead: string
  /** The encoded data. */
  readonly data: Json
  readonly program: string
  readonly style: string
  readonly live: boolean
}

/** The hash that allows one inline script in a content security policy. */
const hashOf = (script: string): string => `'sha256-${createHash("sha256").update(script).digest("base64")}'`

const policyOf = (script: string, live: boolean): string =>
  [
    "default-src 'none'",
    // A page from the file system has no origin that all browsers treat as 'self'.
    `script-src ${hashOf(script)} 'self'${live ? "" : " file:"} 'wasm-unsafe-eval'`,
    "style-src 'unsafe-inline'",
    `img-src 'self'${live ? "" : " file:"} data: blob:`,
    ...(live ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'"
  ].join("; ")

/** The document. */
export const document = ({ data, lead, live, program, style, title }: PageOptions): string => {
  const script = Html.script(program)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(script, live)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${Html.text(title)}</title>
<style>${style}</style>
</head>
<body>
<div id="app">
<header><h1>${Html.text(title)}</h1></header>
<main><p class="lead">${Html.text(lead)}</p><noscript><p>The tables and figures of this page need JavaScript; summary.md and the folder figures show them without.</p></noscript></main>
</div>
<script type="application/json" id="data">${Html.json(data)}</script>
<script>${script}</script>
</body>
</html>
`
}
