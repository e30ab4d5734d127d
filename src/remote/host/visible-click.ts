import { MpcError } from '../../errors.ts'
import { assertMethods, assertObject } from '../../util/arguments.ts'

/** Options of {@link visibleClick}. */
export interface VisibleClickOptions {
  /** Ends the waiting with ABORTED: pass the signal of the approval. */
  readonly signal?: AbortSignal
  /** How long the button must have been in view before the click, in milliseconds. Default: 500. */
  readonly visibleMs?: number
}

/** A click that was accepted. */
export interface VisibleClick {
  /**
   * Whether the engine has checked that nothing covered the button: Chromium does. Elsewhere a page can draw over the frame,
   * and only opening the host in a window of its own helps.
   */
  readonly wasUncovered: boolean
}

/** The least that `delay` may be with `trackVisibility`, in milliseconds. */
const DELAY_MS = 100

/** How long after a click what the engine saw during the click may still arrive, in milliseconds. */
const SETTLE_MS = 250

/**
 * Waits until the user clicks a button of the host's dialog: a real click, on a button that has been in view as a whole for
 * some time. Where the engine has it (IntersectionObserver v2), the button must not be covered, transparent or transformed
 * either, by the host's page or by the one around it. Other clicks are ignored.
 *
 * @param button an element of the document that is shown
 * @throws {ABORTED} if the signal is aborted
 * @throws {TypeError | RangeError} if an argument is wrong
 *
 * @example
 * const { wasUncovered } = await visibleClick(button, { visibleMs: 1000 })
 */
export async function visibleClick(
  button: typeof globalThis extends { readonly Element: { readonly prototype: infer Element } } ? Element : object,
  options: VisibleClickOptions = {},
): Promise<VisibleClick> {
  assertMethods(button, ['addEventListener', 'removeEventListener'], 'button')
  const { signal, visibleMs = 500 } = assertObject(options, 'visibleClick')
  if (signal !== undefined) assertMethods(signal, ['addEventListener', 'removeEventListener'], 'signal')
  if (typeof visibleMs !== 'number') throw new TypeError('visibleMs must be a number')
  if (!(visibleMs >= 0 && visibleMs <= 60_000)) throw new RangeError('visibleMs must be from 0 to 60,000')
  if (typeof IntersectionObserver !== 'function') throw new TypeError('this realm shows no documents')
  const view = watch(button)
  try {
    return await new Promise<VisibleClick>((resolve, reject) => {
      const abort = () => reject(new MpcError('ABORTED', 'the caller aborted', { cause: signal?.reason }))
      const click = (event: Event) => {
        if (!isOfUser(event) || view.visibleMs() < visibleMs) return
        const since = view.since()
        // Whatever covered the button during the click is known shortly after.
        setTimeout(() => {
          if (view.since() === since) resolve({ wasUncovered: view.isCertain })
        }, SETTLE_MS)
      }
      view.onEnd(() => {
        button.removeEventListener('click', click)
        signal?.removeEventListener('abort', abort)
      })
      button.addEventListener('click', click)
      signal?.addEventListener('abort', abort)
      if (signal?.aborted) abort()
    })
  } finally {
    view.end()
  }
}

/** Whether an event comes from the user, and not from a script. */
function isOfUser(event: Event): boolean {
  const { userActivation } = navigator as Navigator & { readonly userActivation?: { readonly isActive: boolean } }
  return event.isTrusted && userActivation?.isActive !== false && document.visibilityState === 'visible'
}

/** Since when an element is in view. */
interface View {
  /** Whether the engine says that nothing covers it. */
  readonly isCertain: boolean
  /** The beginning of the time in view, which names it; undefined if the element is not in view. */
  since(): number | undefined
  visibleMs(): number
  onEnd(clean: () => void): void
  end(): void
}

function watch(element: Element): View {
  const isCertain = 'isVisible' in IntersectionObserverEntry.prototype
  let since: number | undefined
  let clean = () => {}
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const { isVisible = true } = entry as IntersectionObserverEntry & { readonly isVisible?: boolean }
        const isSeen = entry.isIntersecting && entry.intersectionRatio > 0.99 && (!isCertain || isVisible)
        since = isSeen ? (since ?? performance.now()) : undefined
      }
    },
    {
      threshold: [0, 0.5, 1],
      ...(isCertain && { trackVisibility: true, delay: DELAY_MS }),
    },
  )
  observer.observe(element)
  return {
    isCertain,
    since: () => since,
    visibleMs: () => (since === undefined ? -1 : performance.now() - since),
    onEnd: (given) => (clean = given),
    end() {
      observer.disconnect()
      clean()
    },
  }
}
