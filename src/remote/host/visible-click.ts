import { MpcError } from '../../errors.ts'
import { assertMethods, assertObject } from '../../util/arguments.ts'

/** Options of {@link visibleClick}. */
export interface VisibleClickOptions {
  /** What the user reads before they click: it must be in view as long as the button, as a whole. Default: the button's parent. */
  readonly dialog?: typeof globalThis extends { readonly Element: { readonly prototype: infer Element } }
    ? Element
    : object
  /** Ends the waiting with ABORTED: pass the signal of the approval. */
  readonly signal?: AbortSignal
  /** How long both must have been in view before the click, in milliseconds. Default: 500. */
  readonly visibleMs?: number
}

/** A click that was accepted. */
export interface VisibleClick {
  /**
   * Whether the engine has checked that nothing covered button and dialog: Chromium does. Elsewhere a page can draw over the frame,
   * and only opening the host in a window of its own helps.
   */
  readonly wasUncovered: boolean
}

/** The least that `delay` may be with `trackVisibility`, in milliseconds. */
const DELAY_MS = 100

/** How long after a click what the engine saw during the click may still arrive, in milliseconds. */
const SETTLE_MS = 250

/**
 * Waits until the user clicks a button of the host's dialog: a real click, on a button that has been in view with its dialog
 * for some time, each as a whole. Where the engine has it (IntersectionObserver v2), they must not be covered, transparent or
 * transformed either, by the host's page or by the one around it. What touches them covers them by a part of a pixel where the
 * frame stands at one: leave some pixels around both, or no click is accepted. Other clicks are ignored.
 *
 * The time starts again when a mouse enters the frame, or the frame moves under it, with every letter that is typed, and with a
 * press or click that comes too early: whoever clicks in a hurry, holds a key, or goes on typing where the page has taken the
 * focus from a field has not read. A frame that moves under a finger is not noticed.
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
  const { signal, visibleMs = 500, dialog = button.parentElement ?? button } = assertObject(options, 'visibleClick')
  assertMethods(dialog, ['addEventListener', 'removeEventListener'], 'dialog')
  if (signal !== undefined) assertMethods(signal, ['addEventListener', 'removeEventListener'], 'signal')
  if (typeof visibleMs !== 'number') throw new TypeError('visibleMs must be a number')
  if (!(visibleMs >= 0 && visibleMs <= 60_000)) throw new RangeError('visibleMs must be from 0 to 60,000')
  if (typeof IntersectionObserver !== 'function') throw new TypeError('this realm shows no documents')
  const view = watch(new Set([button, dialog]))
  const endInput = watchInput(button, (isPress) => {
    if (!isPress || view.visibleMs() < visibleMs) view.restart()
  })
  try {
    return await new Promise<VisibleClick>((resolve, reject) => {
      const abort = () => reject(new MpcError('ABORTED', 'the caller aborted', { cause: signal?.reason }))
      const click = (event: Event) => {
        if (view.visibleMs() < visibleMs) return view.restart()
        if (!isOfUser(event)) return
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
    endInput()
  }
}

/**
 * Watches the pointer and the keys in a frame.
 *
 * @param onChange called if the pointer enters the frame or the frame moves under it, and if a letter is typed; with true if the
 *   button is pressed
 * @returns ends it
 */
function watchInput(button: Element, onChange: (isPress: boolean) => void): () => void {
  const page = button.ownerDocument
  let last: PointerEvent | undefined
  const point = (event: PointerEvent) => {
    if (!event.isTrusted || event.pointerType === 'touch') return
    if (last === undefined || movedUnder(last, event)) onChange(false)
    // Without a relatedTarget, the pointer leaves the frame.
    last = event.type === 'pointerout' && event.relatedTarget === null ? undefined : event
  }
  const press = (event: Event) => {
    if (event.isTrusted) onChange(true)
  }
  const type = ({ isTrusted, key }: KeyboardEvent) => {
    if (isTrusted && key.length === 1 && key !== ' ') onChange(false)
  }
  const types = ['pointerover', 'pointermove', 'pointerdown', 'pointerout'] as const
  for (const name of types) page.addEventListener(name, point, true)
  page.addEventListener('keydown', type, true)
  button.addEventListener('pointerdown', press)
  return () => {
    for (const name of types) page.removeEventListener(name, point, true)
    page.removeEventListener('keydown', type, true)
    button.removeEventListener('pointerdown', press)
  }
}

/** Whether the frame has moved under a pointer that has not. */
function movedUnder(before: PointerEvent, now: PointerEvent): boolean {
  const isStill = before.screenX === now.screenX && before.screenY === now.screenY
  return isStill && (before.clientX !== now.clientX || before.clientY !== now.clientY)
}

/** Whether an event comes from the user, and not from a script. */
function isOfUser(event: Event): boolean {
  const { userActivation } = navigator as Navigator & { readonly userActivation?: { readonly isActive: boolean } }
  return event.isTrusted && userActivation?.isActive !== false && document.visibilityState === 'visible'
}

/** Since when some elements are all in view. */
interface View {
  /** Whether the engine says that nothing covers them. */
  readonly isCertain: boolean
  /** The beginning of the time in view, which names it; undefined if one is not in view. */
  since(): number | undefined
  visibleMs(): number
  /** Begins the time in view again. */
  restart(): void
  onEnd(clean: () => void): void
  end(): void
}

function watch(elements: ReadonlySet<Element>): View {
  const isCertain = 'isVisible' in IntersectionObserverEntry.prototype
  const seen = new Set<Element>()
  let since: number | undefined
  let clean = () => {}
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const { isVisible = true } = entry as IntersectionObserverEntry & { readonly isVisible?: boolean }
        const isSeen = entry.isIntersecting && entry.intersectionRatio > 0.99 && (!isCertain || isVisible)
        if (isSeen) seen.add(entry.target)
        else {
          seen.delete(entry.target)
          since = undefined
        }
      }
      if (seen.size === elements.size) since ??= performance.now()
    },
    {
      threshold: [0, 0.5, 1],
      ...(isCertain && { trackVisibility: true, delay: DELAY_MS }),
    },
  )
  for (const element of elements) observer.observe(element)
  return {
    isCertain,
    since: () => since,
    visibleMs: () => (since === undefined ? -1 : performance.now() - since),
    restart() {
      if (since !== undefined) since = performance.now()
    },
    onEnd: (given) => (clean = given),
    end() {
      observer.disconnect()
      clean()
    },
  }
}
