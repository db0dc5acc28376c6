/**
 * Effects in components: interrupted when their inputs change or the component unmounts.
 */
import { Cause, Effect, Exit, type Fiber } from "effect"
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks"

/** The state of an effect. */
export interface Outcome<A> {
  /** The last result, kept while the next one is computed. */
  readonly value: A | undefined
  readonly error: string | undefined
  /** Whether it is still running. */
  readonly busy: boolean
}

const messageOf = (cause: Cause.Cause<{ readonly message: string }>): string => {
  const error = Cause.squash(cause)
  return error instanceof Error ? error.message : String(error)
}

/** Runs an effect when its inputs change, and interrupts the previous one. */
export const useEffectful = <A>(
  make: () => Effect.Effect<A, { readonly message: string }> | undefined,
  inputs: ReadonlyArray<unknown>
): Outcome<A> => {
  const [outcome, setOutcome] = useState<Outcome<A>>({ value: undefined, error: undefined, busy: true })
  // In a layout effect: results that follow the pointer must not wait for the next frame.
  useLayoutEffect(() => {
    const effect = make()
    if (effect === undefined) {
      setOutcome({ value: undefined, error: undefined, busy: false })
      return undefined
    }
    let current = true
    const fiber: Fiber.Fiber<A, { readonly message: string }> = Effect.runFork(effect)
    fiber.addObserver((exit) => {
      if (!current) return
      setOutcome((before) =>
        Exit.isSuccess(exit)
          ? { value: exit.value, error: undefined, busy: false }
          : { value: before.value, error: messageOf(exit.cause), busy: false }
      )
    })
    return () => {
      current = false
      fiber.interruptUnsafe()
    }
  }, inputs)
  return outcome
}

/** Waits until the rendered content is painted; a hidden page waits until it is visible. */
export const painted: Effect.Effect<void> = Effect.callback((resume) => {
  requestAnimationFrame(() => setTimeout(() => resume(Effect.void)))
})

/** The width of an element's content, in whole pixels; 0 before it is known. */
export const useWidth = <Target extends HTMLElement>() => {
  const ref = useRef<Target>(null)
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const element = ref.current!
    const observer = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)))
    observer.observe(element)
    setWidth(Math.floor(element.clientWidth))
    return () => observer.disconnect()
  }, [])
  return { ref, width }
}

/** Delay of eager elements in milliseconds, so that visible ones come first. */
const soon = 300

/** Whether an element is near the viewport, or `eager` and the delay has passed. */
export const useNear = <Target extends HTMLElement>(eager = false) => {
  const ref = useRef<Target>(null)
  const [near, setNear] = useState(false)
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setNear(true)
      },
      { rootMargin: "300px" }
    )
    observer.observe(ref.current!)
    const timer = eager ? setTimeout(() => setNear(true), soon) : undefined
    return () => {
      observer.disconnect()
      clearTimeout(timer)
    }
  }, [eager])
  return { ref, near }
}
