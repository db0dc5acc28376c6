/**
 * The sortable table of runs: varying parameters, and metrics with their spread over seeds.
 */
import { Effect } from "effect"
import { useState } from "preact/hooks"
import type { ReportData } from "../ReportData.ts"
import { type Column, columnsOf, headerOf } from "./Columns.ts"
import { copy, save } from "./Download.ts"
import { commandOf, csv, type Group, groupsOf, hasSeeds, type Order, singles, sorted } from "./Runs.ts"
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

const CopyCommand = ({ group }: { readonly group: Group }) => {
  const [said, setSaid] = useState("Copy command")
  const command = commandOf(group)
  return (
    <button
      type="button"
      class="copy"
      title={command}
      aria-label={`${said}: ${group.runs.map(({ id }) => `run ${id}`).join(", ")}`}
      onClick={() =>
        Effect.runFork(
          Effect.andThen(
            Effect.map(copy(command), (copied) => setSaid(copied ? "Copied" : command)),
            Effect.andThen(
              Effect.sleep("3 seconds"),
              Effect.sync(() => setSaid((now) => (now === "Copied" ? "Copy command" : now)))
            )
          )
        )
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
  if (!isVisible(run)) return <td colSpan={2} class="choice" />
  const name = run.label === "" ? run.id : run.label
  const beside = group.runs.some(({ id }) => id === chosen.second)
  return (
    <>
      <td class="choice">
        <input
          type="radio"
          name="first"
          aria-label={`Look at ${name}`}
          checked={group.runs.some(({ id }) => id === chosen.first)}
          onChange={() => onChoose({ ...chosen, first: run.id })}
        />
      </td>
      <td class="choice">
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
  const reported = column.reported(group)
  const failed = column.name === "status" && group.runs.some(({ status }) => status === "failed")
  return (
    <td class={`${column.number ? "number" : ""} ${failed ? "error" : ""}`}>
      {column.text(group)}
      {reported !== "" && <small>reported {reported}</small>}
    </td>
  )
}

export const RunTable = ({ chosen, data, onChoose }: RunTableProps) => {
  const seeds = hasSeeds(data.runs)
  const [together, setTogether] = useState(seeds)
  const [all, setAll] = useState(false)
  const [order, setOrder] = useState<Order>({ by: "", descending: false })
  const grouped = together && seeds
  const groups = grouped ? groupsOf(data.runs) : singles(data.runs)
  const columns = columnsOf(data, groups, all)
  // A single run needs no selection.
  const chooses = data.runs.filter(isVisible).length > 1
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
          <thead>
            <tr>
              {chooses && (
                <>
                  <th scope="col" class="choice" title="the run that the page shows">
                    show
                  </th>
                  <th scope="col" class="choice" title="a second run beside it">
                    compare
                  </th>
                </>
              )}
              {columns.map((column) => (
                <Head key={column.name} column={column} order={order} onOrder={setOrder} />
              ))}
              {!grouped && <th scope="col">id</th>}
              <th scope="col" class="choice">
                command
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((group) => (
              <tr key={group.key} data-run={group.runs[0]!.id}>
                {chooses && <Chooser group={group} chosen={chosen} onChoose={onChoose} />}
                {columns.map((column) => (
                  <Cell key={column.name} column={column} group={group} />
                ))}
                {!grouped && (
                  <td>
                    <code>{group.runs[0]!.id}</code>
                  </td>
                )}
                <td class="choice">
                  <CopyCommand group={group} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="quiet">
        Metrics are means over the images, in nats per image unless their name says otherwise.
        {constant.length > 0 &&
          data.runs.length > 0 &&
          ` In every run: ${constant
            // A value stays on its name's line.
            .map(({ name }) => `${name}\u00a0=\u00a0${data.runs[0]!.parameters[name] ?? ""}`)
            .join(", ")}.`}
      </p>
      {failures.length > 0 && (
        <ul class="error">
          {failures.map(({ error, id }) => (
            <li key={id}>
              {error?.includes(id) !== true && <code>{id} </code>}
              {error}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
