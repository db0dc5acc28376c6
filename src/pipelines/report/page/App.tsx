/**
 * The whole page.
 */
import { useEffect, useState } from "preact/hooks"
import type { ReportData, RunData } from "../ReportData.ts"
import { Chart } from "./Chart.tsx"
import { Figures } from "./Figures.tsx"
import { Explorer } from "./Explorer.tsx"
import { RunSelector } from "./RunSelector.tsx"
import { RunTable } from "./RunTable.tsx"
import { axesOf } from "./Runs.ts"
import { type Chosen, isVisible, selectionOf } from "./Selection.ts"
import { ScatterPlot3d } from "./ScatterPlot3d.tsx"
import type { Mode } from "./Theme.ts"

type Wish = Mode | "system"

const dark = matchMedia("(prefers-color-scheme: dark)")

/** Light or dark as the system is, unless the person wishes otherwise. */
const useMode = () => {
  const [wish, setWish] = useState<Wish>("system")
  const [system, setSystem] = useState<Mode>(dark.matches ? "dark" : "light")
  useEffect(() => {
    const onChange = () => setSystem(dark.matches ? "dark" : "light")
    dark.addEventListener("change", onChange)
    return () => dark.removeEventListener("change", onChange)
  }, [])
  const mode = wish === "system" ? system : wish
  useEffect(() => {
    document.documentElement.dataset["mode"] = mode
  }, [mode])
  return { mode, wish, setWish }
}

/** `3 runs, 2 of them done`. */
const countText = (runs: ReadonlyArray<RunData>): string => {
  const done = runs.filter(({ status }) => status === "done").length
  const all = `${runs.length} ${runs.length === 1 ? "run" : "runs"}`
  return done === runs.length ? all : `${all}, ${done} done`
}

const Made = ({ run }: { readonly run: RunData }) => (
  <details>
    <summary>How run {run.id} was made</summary>
    <pre tabIndex={0}>
      <code>{run.command}</code>
    </pre>
    <dl class="facts">
      {run.made.map(({ name, value }) => [<dt key={`${name} `}>{name}</dt>, <dd key={name}>{value}</dd>])}
    </dl>
  </details>
)

/** Whether the page shows what there is now. */
const freshness = ({ live, made, runs }: ReportData, left: boolean): string => {
  if (!live) return `as of ${made.slice(0, 10)}`
  const ended = runs.every(({ status }) => status !== "planned" && status !== "running")
  if (ended) return "all have ended"
  return left ? "no longer renewed: the command that made them has ended" : "renews itself as epochs end"
}

export interface AppProps {
  readonly data: ReportData
  /** Whether the server that renewed the page is gone. */
  readonly left: boolean
}

export const App = ({ data, left }: AppProps) => {
  const { mode, setWish, wish } = useMode()
  const [chosen, setChosen] = useState<Chosen>({ first: undefined, second: undefined })
  const visible = data.runs.filter(isVisible)
  const selection = selectionOf(visible, chosen)
  const sections = [
    { id: "runs", title: "Runs" },
    ...(data.figures.length > 0 ? [{ id: "sweep", title: "Sweep" }] : []),
    ...(selection === undefined
      ? []
      : [
          { id: "figures", title: "Figures" },
          { id: "play", title: "Model" },
          ...((selection.first.model?.latent ?? 0) > 2 ? [{ id: "space", title: "Space" }] : [])
        ])
  ]
  const has = (id: string) => sections.some((section) => section.id === id)
  return (
    <>
      <header>
        <h1>{data.experiment}</h1>
        <nav aria-label="Sections">
          {sections.map(({ id, title }) => (
            <a key={id} href={`#${id}`}>
              {title}
            </a>
          ))}
        </nav>
        <label class="mode">
          <span>colours</span>
          <select name="mode" value={wish} onChange={(event) => setWish(event.currentTarget.value as Wish)}>
            <option value="system">as the system</option>
            <option value="light">light</option>
            <option value="dark">dark</option>
          </select>
        </label>
      </header>
      <main>
        <p class="lead">{data.description}</p>
        <p class="quiet" role="status">
          {countText(data.runs)} · {freshness(data, left)}
        </p>
        <section id="runs" aria-labelledby="runs-title">
          <h2 id="runs-title">Runs</h2>
          <RunTable
            data={data}
            chosen={{ first: selection?.first.id, second: selection?.second?.id }}
            onChoose={setChosen}
          />
        </section>
        {has("sweep") && (
          <section id="sweep" aria-labelledby="sweep-title">
            <h2 id="sweep-title">The sweep</h2>
            {data.figures.map((figure) => (
              <Chart key={figure.name} figure={figure} mode={mode} />
            ))}
          </section>
        )}
        {selection === undefined && data.runs.length > 0 && (
          <p class="quiet">
            {data.live
              ? "Figures of the runs and models to play with appear here as runs end."
              : "No run has ended with figures or a model to play with."}
          </p>
        )}
        {selection !== undefined && (
          <>
            <section id="figures" aria-labelledby="figures-title">
              <h2 id="figures-title">Figures of the runs</h2>
              <Figures
                runs={visible}
                selection={selection}
                mode={mode}
                above={new Set(data.figures.map(({ name }) => name))}
              />
            </section>
            <section id="play" aria-labelledby="play-title">
              <h2 id="play-title">Play with the model</h2>
              <Explorer selection={selection} mode={mode} />
            </section>
            {has("space") && (
              <section id="space" aria-labelledby="space-title">
                <h2 id="space-title">Codes in space</h2>
                <ScatterPlot3d run={selection.first} mode={mode} />
              </section>
            )}
            <section aria-label="Provenance">
              <Made run={selection.first} />
              {selection.second !== undefined && <Made run={selection.second} />}
            </section>
          </>
        )}
      </main>
      {selection !== undefined && visible.length > 1 && (
        <RunSelector
          runs={visible}
          axes={axesOf({ ...data, runs: visible })}
          selection={selection}
          onChoose={setChosen}
        />
      )}
    </>
  )
}
