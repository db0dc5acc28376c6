/**
 * The runs as a table that can be sorted: parameters that differ, metrics with the spread over the seeds.
 */
import { Effect } from "effect"
import { useState } from "preact/hooks"
import type { ReportData, RunData } from "../ReportData.ts"
import { type Column, columnsOf, headerOf, reported } from "./Columns.ts"
import { copy, save } from "./Download.ts"
import { csv, type Group, groupsOf, hasSeeds, type Order, singles, sorted } from "./Runs.ts"
import { type Chosen, isVisible } from "./Selection.ts"

interface HeadProps {
  readonly column: Column
  readonly order: Order
  readonly onOrder: (order: Order) => void
}

const Head = ({ column, onOrder, order }: HeadProps) => {
  const sortedBy = order.by === column.name
  return (
    <th
      scope="col"
      class={column.number ? "number" : ""}
      aria-sort={sortedBy ? (order.descending ? "descending" : "ascending") : "none"}
    >
      <button
        type="button"
        title={column.title}
        onClick={() => onOrder({ by: column.name, descending: sortedBy && !order.descending })}
      >
        {headerOf(column)}
        <span aria-hidden="true">{sortedBy ? (order.descending ? " ▼" : " ▲") : ""}</span>
      </button>
    </th>
  )
}

const CopyCommand = ({ run }: { readonly run: RunData }) => {
  const [said, setSaid] = useState("Copy command")
  return (
    <button
      type="button"
      title={run.command}
      aria-label={`${said}: run ${run.id}`}
      onClick={() =>
        Effect.runFork(Effect.map(copy(run.command), (copied) => setSaid(copied ? "Copied" : run.command)))
      }
    >
      {said}
    </button>
  )
}

export interface RunTableProps {
  readonly data: ReportData
  readonly chosen: Chosen
  readonly onChoose: (chosen: Chosen) => void
}

const Chooser = ({
  chosen,
  group,
  onChoose
}: Pick<RunTableProps, "chosen" | "onChoose"> & { readonly group: Group }) => {
  const run = group.runs[0]!
  if (!isVisible(run)) return <td colSpan={2} />
  const name = run.label === "" ? run.id : run.label
  const beside = group.runs.some(({ id }) => id === chosen.second)
  return (
    <>
      <td>
        <input
          type="radio"
          name="first"
          aria-label={`Look at ${name}`}
          checked={group.runs.some(({ id }) => id === chosen.first)}
          onChange={() => onChoose({ ...chosen, first: run.id })}
        />
      </td>
      <td>
        <input
          type="checkbox"
          aria-label={`Compare with ${name}`}
          checked={beside}
          onChange={() => onChoose({ ...chosen, second: beside ? undefined : run.id })}
        />
      </td>
    </>
  )
}

const Cell = ({ column, group }: { readonly column: Column; readonly group: Group }) => {
  const metric = column.name.startsWith("metric ") ? reported(group, headerOf(column)) : ""
  return (
    <td class={column.number ? "number" : ""}>
      {column.text(group)}
      {metric !== "" && <small>reported {metric}</small>}
    </td>
  )
}

export const RunTable = ({ chosen, data, onChoose }: RunTableProps) => {
  const seeds = hasSeeds(data.runs)
  const [together, setTogether] = useState(seeds)
  const [all, setAll] = useState(false)
  const [order, setOrder] = useState<Order>({ by: "", descending: false })
  const columns = columnsOf(data, all)
  const groups = together && seeds ? groupsOf(data.runs) : singles(data.runs)
  const column = columns.find(({ name }) => name === order.by)
  const rows = column === undefined ? groups : sorted(groups, column.value, order.descending)
  const constant = data.parameters.filter(({ varies }) => !varies)
  const failures = data.runs.filter(({ error }) => error !== undefined)
  return (
    <>
      <p class="actions">
        {seeds && (
          <label>
            <input type="checkbox" checked={together} onChange={() => setTogether(!together)} /> mean ± standard
            deviation over the seeds
          </label>
        )}
        <label>
          <input type="checkbox" checked={all} onChange={() => setAll(!all)} /> all metrics
        </label>
        <button
          type="button"
          onClick={() => save(`${data.experiment}.csv`, new Blob([csv(data)], { type: "text/csv" }))}
        >
          Save CSV
        </button>
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of runs">
        <table>
          <caption>Metrics are means over the images, in nats an image unless their name says otherwise.</caption>
          <thead>
            <tr>
              <th scope="col" title="the run that the page shows">
                look
              </th>
              <th scope="col" title="a second run beside it">
                with
              </th>
              {columns.map((column) => (
                <Head key={column.name} column={column} order={order} onOrder={setOrder} />
              ))}
              <th scope="col">id</th>
              <th scope="col">made by</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((group) => (
              <tr key={group.key} data-run={group.runs[0]!.id}>
                <Chooser group={group} chosen={chosen} onChoose={onChoose} />
                {columns.map((column) => (
                  <Cell key={column.name} column={column} group={group} />
                ))}
                <td>
                  <code>{group.runs.length === 1 ? group.runs[0]!.id : ""}</code>
                </td>
                <td>
                  <CopyCommand run={group.runs[0]!} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {constant.length > 0 && data.runs.length > 0 && (
        <p class="quiet">
          In every run: {constant.map(({ name }) => `${name} = ${data.runs[0]!.parameters[name] ?? ""}`).join(", ")}.
        </p>
      )}
      {failures.length > 0 && (
        <ul class="error">
          {failures.map(({ error, id }) => (
            <li key={id}>
              <code>{id}</code> {error}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
