/**
 * Explores a run's model: a code under the pointer, an interpolation between codes, an image of your own.
 */
import { Effect } from "effect"
import { useEffect, useMemo, useState } from "preact/hooks"
import type { ModelData, RunData } from "../ReportData.ts"
import { Interpolation } from "./Interpolation.tsx"
import { byVariance, codeAt, type Codes, codesOf, type Extent, extentOf, onMap, prior } from "./Codes.ts"
import { CodeMap } from "./CodeMap.tsx"
import { CodeSliders } from "./CodeSliders.tsx"
import { type Decoded, type Source, useDecoded } from "./Decoded.ts"
import { Examples } from "./Examples.tsx"
import { type Outcome, useEffectful, useNear } from "./Hooks.ts"
import { ImageView } from "./ImageView.tsx"
import { MapSettings } from "./MapSettings.tsx"
import { randomCode } from "./Networks.ts"
import { text } from "./Numbers.ts"
import { DrawingCanvas } from "./DrawingCanvas.tsx"
import { usePlane } from "./Plane.ts"
import { members, nameOf, type Selection } from "./Selection.ts"
import { classColors, type Mode } from "./Theme.ts"

/** Two initial codes: of images of different classes if there are classes. */
const firstEnds = (codes: Codes): readonly [Float32Array, Float32Array] | undefined => {
  if (codes.count < 2) return undefined
  const other = codes.labels === undefined ? 1 : codes.labels.findIndex((label) => label !== codes.labels![0])
  return [codeAt(codes, 0), codeAt(codes, other < 0 ? 1 : other)]
}

/** Range of the sliders: that of the prior, extended to the codes. */
const reachOf = (codes: Codes | undefined, latent: number): ReadonlyArray<number> =>
  Array.from({ length: latent }, (_, dimension) => {
    let most = 4
    for (let index = 0; index < (codes?.count ?? 0); index++) {
      most = Math.max(most, Math.abs(codes!.mean[index * latent + dimension]!))
    }
    return Math.ceil(most)
  })

const codeText = (code: Float32Array): string =>
  `(${Array.from(code.subarray(0, 8), (value) => text(Number(value.toFixed(2)))).join(", ")}${code.length > 8 ? ", …" : ""})`

interface ResultProps {
  readonly run: RunData
  readonly outcome: Outcome<Decoded>
}

/** A run's result for the current code or image. */
const Result = ({ outcome, run }: ResultProps) => (
  <figure class="result" data-run={run.id}>
    <ImageView
      shape={run.model!.shape}
      values={outcome.value?.image}
      label={
        outcome.value === undefined
          ? `${nameOf(run)}: no image yet`
          : `${nameOf(run)}: the decoder's image at ${codeText(outcome.value.code)}`
      }
      size={224}
    />
    <figcaption>
      {nameOf(run)}
      {outcome.error !== undefined && <span class="error"> {outcome.error}</span>}
      {outcome.value === undefined && outcome.busy && <span class="quiet"> loading the model …</span>}
    </figcaption>
  </figure>
)

interface PlaygroundProps {
  readonly selection: Selection
  readonly model: ModelData
  readonly mode: Mode
}

const Playground = ({ mode, model, selection }: PlaygroundProps) => {
  const { first, second } = selection
  const { classes, labelled, latent, shape } = model
  const takesLabels = labelled.decoder || labelled.encoder
  const { near, ref } = useNear<HTMLDivElement>()
  const { error, value: codes } = useEffectful(() => (near ? codesOf(model) : undefined), [near, model.codes])

  const order = useMemo(() => (codes === undefined || latent === 2 ? [0, 1] : byVariance(codes)), [codes, latent])
  const [dimensions, setDimensions] = useState<readonly [number, number] | undefined>(undefined)
  const [horizontal, second_] = dimensions ?? [order[0] ?? 0, order[1] ?? 0]
  const vertical = latent === 1 ? undefined : second_
  const [wholePrior, setWholePrior] = useState(false)
  const extent = useMemo(
    (): Extent => (codes === undefined || wholePrior ? prior : extentOf(codes, horizontal, vertical)),
    [codes, wholePrior, horizontal, vertical]
  )
  const [only, setOnly] = useState<number | undefined>(undefined)
  const [behind, setBehind] = useState(latent === 2)

  const [label, setLabel] = useState(0)
  const [middle] = useState<Source>(() => ({ kind: "code", code: new Float32Array(latent) }))
  const [pinned, setPinned] = useState<Source>(middle)
  const [hovered, setHovered] = useState<Float32Array | undefined>(undefined)
  const source = useMemo(
    (): Source => (hovered === undefined ? pinned : { kind: "code", code: hovered }),
    [hovered, pinned]
  )
  // A model without classes does not need to run again.
  const given = takesLabels ? label : 0
  const one = useDecoded(first, source, given, near)
  const other = useDecoded(second?.model === undefined ? undefined : second, source, given, near)
  const code = source.kind === "code" ? source.code : one.value?.code
  const [ends, setEnds] = useState<readonly [Float32Array | undefined, Float32Array | undefined]>([
    undefined,
    undefined
  ])
  useEffect(() => {
    if (codes === undefined) return
    setEnds(firstEnds(codes) ?? [undefined, undefined])
    // The origin is a bad start if no code is near it, as without a KL term.
    const [across, up] = onMap(extent, 0, 0)
    const outside = [across, vertical === undefined ? 0.5 : up].some((part) => part < 0 || part > 1)
    if (outside && codes.count > 0) {
      setPinned((now) => (now === middle ? { kind: "code", code: codeAt(codes, 0) } : now))
    }
  }, [codes])
  const plane = usePlane(first, extent, given, near && behind && latent === 2)

  const look = (next: Float32Array) => {
    setHovered(undefined)
    setPinned({ kind: "code", code: next })
  }
  /** The code at a point of the map; the other dimensions keep their values. */
  const moved = ([right, up]: readonly [number, number]): Float32Array => {
    const base = (pinned.kind === "code" ? pinned.code : one.value?.code) ?? new Float32Array(latent)
    const next = base.with(horizontal, right)
    return vertical === undefined ? next : next.with(vertical, up)
  }
  const pointOf = (of: Float32Array): readonly [number, number] => [
    of[horizontal]!,
    vertical === undefined ? 0 : of[vertical]!
  ]
  const [from, to] = ends
  const colored = codes?.labels !== undefined && classes !== undefined
  const pointsText =
    codes === undefined
      ? ""
      : ` Points are the codes of ${codes.count.toLocaleString("en-US")} test images${colored ? ", coloured by class" : ""}.`
  // Most images have a dark background.
  const onImages = behind && latent === 2
  const unlabelled = codes !== undefined && codes.labels === undefined
  const colors = useMemo(() => {
    const palette = classColors(onImages ? "dark" : mode)
    // Without classes all points have the brightest colour. A new array would redraw the map.
    return onImages && unlabelled ? palette.slice(4, 5) : palette
  }, [onImages, unlabelled, mode])

  /** A typed digit selects a class, if the model takes classes. */
  const onKey = ({ altKey, ctrlKey, key, metaKey }: KeyboardEvent) => {
    const typed = /^\d$/.test(key) && !altKey && !ctrlKey && !metaKey ? Number(key) : undefined
    if (typed !== undefined && takesLabels && typed < (classes?.length ?? 0)) setLabel(typed)
  }

  // Memoised, because the pointer moves often.
  const own = useMemo(
    () => (
      <div class="own">
        <DrawingCanvas shape={shape} onImage={(pixels, name) => setPinned({ kind: "image", pixels, name })} />
        <Examples
          model={model}
          ready={near}
          onChoose={({ label: its, name, pixels }) => {
            if (its !== undefined) setLabel(its)
            setPinned({ kind: "image", pixels, name })
          }}
        />
      </div>
    ),
    [model, near]
  )

  return (
    <div class="play" ref={ref} onKeyDown={onKey}>
      {error !== undefined && <p class="error">{error}</p>}
      <div class="map-side">
        <p class="quiet">
          {codes === undefined && error === undefined
            ? "Loading the codes of the test images …"
            : `Move over the map to see the decoder's image of each code; click to stay at one.${pointsText}`}
        </p>
        <MapSettings
          {...{ behind, classes, colors, horizontal, latent, only, vertical, wholePrior }}
          hasLabels={codes?.labels !== undefined}
          onBehind={setBehind}
          onDimensions={setDimensions}
          onOnly={setOnly}
          onWholePrior={setWholePrior}
        />
        <CodeMap
          {...{ codes, colors, extent, horizontal, only, vertical }}
          background={plane}
          titles={[`z${horizontal + 1}`, vertical === undefined ? "" : `z${vertical + 1}`]}
          point={code && pointOf(code)}
          line={from && to && [pointOf(from), pointOf(to)]}
          onHover={(point) => setHovered(point && moved(point))}
          onPick={(point) => look(moved(point))}
        />
      </div>
      <div class="model-side">
        <div class="results">
          {source.kind === "image" && (
            <figure class="result">
              <ImageView shape={shape} values={source.pixels} label={source.name} size={224} />
              <figcaption>{source.name}</figcaption>
            </figure>
          )}
          <Result run={first} outcome={one} />
          {second?.model !== undefined && <Result run={second} outcome={other} />}
        </div>
        <p class="quiet code">{source.kind === "code" ? `Code ${codeText(source.code)}` : `Code of ${source.name}`}</p>
        {/* What is chosen, not what the pointer passes. */}
        <p aria-live="polite" class="spoken">
          {pinned.kind === "code" ? `Code ${codeText(pinned.code)}` : `Code of ${pinned.name}`}
        </p>
        {takesLabels && (
          <fieldset class="classes">
            <legend>class (or type its number)</legend>
            {(classes ?? []).map((name, index) => (
              <label key={index}>
                <input type="radio" name="class" checked={label === index} onChange={() => setLabel(index)} /> {name}
              </label>
            ))}
          </fieldset>
        )}
        <p class="actions">
          <button type="button" onClick={() => look(new Float32Array(latent))}>
            {model.prior === undefined ? "Middle of the prior" : "Origin"}
          </button>
          <button type="button" onClick={() => void Effect.runFork(Effect.ignore(Effect.map(randomCode(first), look)))}>
            Random code
          </button>
        </p>
        {code !== undefined && (
          <CodeSliders
            code={code}
            deviation={source.kind === "image" ? one.value?.deviation : undefined}
            reach={reachOf(codes, latent)}
            onChange={look}
          />
        )}
        <h3>A line between two codes</h3>
        <Interpolation
          runs={members(selection)}
          {...{ code, from, to }}
          label={given}
          onEnds={(begin, end) => setEnds([begin, end])}
          onCode={look}
        />
        <h3>An image of your own, or a test image</h3>
        <p class="quiet">Its code and its reconstruction are shown above.</p>
        {own}
      </div>
    </div>
  )
}

export const Explorer = ({ mode, selection }: { readonly selection: Selection; readonly mode: Mode }) => {
  const { model } = selection.first
  if (model === undefined) return <p class="quiet">{nameOf(selection.first)} has left no model to play with.</p>
  const { height, width, channels } = model.shape
  // Codes of another length do not fit another model.
  return <Playground key={[model.latent, height, width, channels].join()} {...{ mode, model, selection }} />
}
