/**
 * The whole page.
 */
import { useEffect, useState } from "preact/hooks"
import type { ReportData, RunData } from "../ReportData.ts"
import { Chart } from "./Chart.tsx"
import { Figures } from "./Figures.tsx"
import { comparisonOf, Glance } from "./Glance.tsx"
import { Explorer } from "./Explorer.tsx"
import { RunSelector } from "./RunSelector.tsx"
import { RunTable } from "./RunTable.tsx"
import { axesOf } from "./Runs.ts"
import { type Chosen, isVisible, selectionOf } from "./Selection.ts"
import { ScatterPlot3d } from "./ScatterPlot3d.tsx"
import type { Mode } from "./Theme.ts"

type Wish = Mode | "system"

const dark = matchMedia("(prefers-color-scheme: dark)")

/** The colour scheme: the system's, or the selected one. */
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
    <summary>Provenance of run {run.id}</summary>
    <pre tabIndex={0}>
      <code>{run.command}</code>
    </pre>
    <dl class="facts">
      {run.made.map(({ name, value }) => [<dt key={`${name} `}>{name}</dt>, <dd key={name}>{value}</dd>])}
    </dl>
  </details>
)

/** How current the page is. */
const freshness = ({ live, made, runs }: ReportData, left: boolean): string => {
  if (!live) return `as of ${made.slice(0, 10)}`
  const ended = runs.every(({ status }) => status !== "planned" && status !== "running")
  if (ended) return "all runs have ended"
  return left ? "no longer updated: the command has ended" : "updates as epochs end"
}

export interface AppProps {
  readonly data: ReportData
  /** Whether the live server has ended. */
  readonly left: boolean
}

export const App = ({ data, left }: AppProps) => {
  const { mode, setWish, wish } = useMode()
  const [chosen, setChosen] = useState<Chosen>({ first: undefined, second: undefined })
  const visible = data.runs.filter(isVisible)
  const selection = selectionOf(visible, chosen)
  const further = data.figures.filter((figure) => figure !== comparisonOf(data))
  const sections = [
    ...(data.runs.length > 0 ? [{ id: "glance", title: "At a glance" }] : []),
    { id: "runs", title: "Runs" },
    ...(further.length > 0 ? [{ id: "sweep", title: "Sweep" }] : []),
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
        {data.runs.length > 0 && (
          <section id="glance" aria-labelledby="glance-title">
            <h2 id="glance-title">At a glance</h2>
            <Glance data={data} mode={mode} />
          </section>
        )}
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
            {further.map((figure) => (
              <Chart key={figure.name} figure={figure} mode={mode} eager />
            ))}
          </section>
        )}
        {selection === undefined && data.runs.length > 0 && (
          <p class="quiet">
            {data.live ? "Figures and models appear here when runs finish." : "No run has figures or a model."}
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
              <h2 id="play-title">Explore the model</h2>
              <Explorer selection={selection} mode={mode} />
            </section>
            {has("space") && (
              <section id="space" aria-labelledby="space-title">
                <h2 id="space-title">Codes in 3-D</h2>
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
