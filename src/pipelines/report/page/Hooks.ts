/**
 * Effects in components: they run as long as the component shows what they were asked for.
 */
import { Cause, Effect, Exit, type Fiber } from "effect"
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks"

/** What has come of an effect. */
export interface Outcome<A> {
  /** The last result; it stays while the next one is computed. */
  readonly value: A | undefined
  readonly error: string | undefined
  /** Whether nothing has come of it yet. */
  readonly busy: boolean
}

const messageOf = (cause: Cause.Cause<{ readonly message: string }>): string => {
  const error = Cause.squash(cause)
  return error instanceof Error ? error.message : String(error)
}

/** Runs an effect anew when its inputs change, and gives up what the earlier inputs asked for. */
export const useEffectful = <A>(
  make: () => Effect.Effect<A, { readonly message: string }> | undefined,
  inputs: ReadonlyArray<unknown>
): Outcome<A> => {
  const [outcome, setOutcome] = useState<Outcome<A>>({ value: undefined, error: undefined, busy: true })
  // Begun at once: what follows the pointer may not wait for the next frame.
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

/** Waits until what was rendered is on the screen. A page that nobody sees waits until somebody does. */
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

/** Whether an element has come near the visible part of the page. */
export const useNear = <Target extends HTMLElement>() => {
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
    return () => observer.disconnect()
  }, [])
  return { ref, near }
}
