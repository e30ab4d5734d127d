import { abortedBy, untilAborted } from '../../util/exchange.ts'
import { wipe } from '../../util/bytes.ts'
import { unavailable } from '../failures.ts'
import type { DeviceLock } from './types.ts'

/** How long a lock stays open, in options of every lock. */
export interface OpenOptions {
  /** How long one prompt opens the lock, in milliseconds: 1,000 to 86,400,000. Default: 300,000, which is five minutes. */
  readonly openForMs?: number
  /**
   * Whether the secret is forgotten as soon as the page is hidden: another tab or app is in front, or the screen is off.
   * It always is when the page is left. Default: `true`. Without a document, such as in React Native, the app calls `lock()`.
   */
  readonly forgetWhenHidden?: boolean
}

const DEFAULT_MS = 300_000
const MIN_MS = 1000
const MAX_MS = 86_400_000

/** A prompt of the platform may hide the page for a moment, so that the answer comes while it is hidden. */
const HIDDEN_GRACE_MS = 1000

interface Opened {
  readonly secret: Uint8Array
  readonly wallClock: number
  readonly monotonic: number
  stop(): void
}

/** A prompt, and how many calls wait for it. */
interface Prompt {
  readonly controller: AbortController
  readonly answer: Promise<Uint8Array>
  waiting: number
}

/** How a lock asks for its secret. Ends when the signal is aborted, and gives a copy, which is wiped after use. */
type Ask = (signal: AbortSignal) => Promise<Uint8Array>

/**
 * A lock that asks, and remembers the answer for some time.
 *
 * @throws {TypeError | RangeError} if an option is wrong
 */
export function createLock(ask: Ask, options: OpenOptions): DeviceLock {
  const { openForMs = DEFAULT_MS, forgetWhenHidden = true } = options
  if (typeof openForMs !== 'number') throw new TypeError('openForMs must be a number')
  if (!(openForMs >= MIN_MS && openForMs <= MAX_MS)) {
    throw new RangeError(`openForMs must be ${MIN_MS} to ${MAX_MS}, got ${openForMs}`)
  }
  if (typeof forgetWhenHidden !== 'boolean') throw new TypeError('forgetWhenHidden must be a boolean')
  let opened: Opened | undefined
  let prompt: Prompt | undefined

  function forget(): void {
    opened?.stop()
    wipe(opened?.secret)
    opened = undefined
  }

  /** What is remembered, unless its time is over. Timers stand still while a device sleeps, and clocks can be set back. */
  function remembered(): Uint8Array | undefined {
    if (opened === undefined) return undefined
    const ages = [Date.now() - opened.wallClock, monotonic() - opened.monotonic]
    if (ages.some((age) => age < 0 || age >= openForMs)) forget()
    return opened?.secret
  }

  function remember(secret: Uint8Array): void {
    forget()
    const stops = [timer(openForMs, forget), onPage('pagehide', forget)]
    const forgetIfHidden = () => {
      if (isHidden()) forget()
    }
    if (forgetWhenHidden) {
      stops.push(onPage('visibilitychange', forgetIfHidden))
      if (isHidden()) stops.push(timer(HIDDEN_GRACE_MS, forgetIfHidden))
    }
    opened = {
      secret: secret.slice(),
      wallClock: Date.now(),
      monotonic: monotonic(),
      stop: () => stops.forEach((stop) => stop()),
    }
  }

  function startPrompt(): Prompt {
    const controller = new AbortController()
    const { signal } = controller
    const answer = ask(signal).then((secret) => {
      // It may ignore its signal: an answer that nobody waits for opens nothing.
      if (signal.aborted) wipe(secret)
      else remember(secret)
      return secret
    })
    const started: Prompt = { controller, answer, waiting: 0 }
    const end = () => {
      if (prompt === started) prompt = undefined
    }
    answer.then(end, end)
    return started
  }

  async function askShared(signal: AbortSignal | undefined): Promise<Uint8Array> {
    const shared = (prompt ??= startPrompt())
    shared.waiting++
    try {
      const secret = await untilAborted(signal, untilClosed(shared))
      return secret.slice()
    } finally {
      if (--shared.waiting === 0) {
        if (prompt === shared) prompt = undefined
        shared.controller.abort()
        shared.answer.then(wipe, () => undefined)
      }
    }
  }

  return givingCopies({
    async unlock({ signal } = {}) {
      if (signal?.aborted) throw abortedBy(signal)
      return remembered()?.slice() ?? askShared(signal)
    },
    async probe({ signal } = {}) {
      if (signal?.aborted) throw abortedBy(signal)
      forget()
      wipe(await askShared(signal))
    },
    lock() {
      forget()
      prompt?.controller.abort()
      prompt = undefined
    },
    isOpen: () => remembered() !== undefined,
  })
}

/** Locks whose `unlock` gives a copy each time. One that an app makes may give its only array. */
const copying = new WeakSet<DeviceLock>()

/** Says that what this lock gives can be wiped. */
export function givingCopies(lock: DeviceLock): DeviceLock {
  copying.add(lock)
  return lock
}

/** Whether what this lock gives can be wiped. */
export function givesCopies(lock: DeviceLock): boolean {
  return copying.has(lock)
}

/** The answer of a prompt, or an error once the lock was closed. */
async function untilClosed({ controller: { signal }, answer }: Prompt): Promise<Uint8Array> {
  try {
    return await untilAborted(signal, answer)
  } catch (cause) {
    if (signal.aborted) throw unavailable('the lock was closed while the user was asked', cause)
    throw cause
  }
}

/** Milliseconds of a clock that setting the device's time does not change; some runtimes have none. */
function monotonic(): number {
  const { performance } = globalThis as { readonly performance?: Performance }
  return performance?.now() ?? 0
}

function timer(ms: number, run: () => void): () => void {
  const id = setTimeout(run, ms) as ReturnType<typeof setTimeout> & { unref?: () => void }
  // A process of Node.js may end before.
  id.unref?.()
  return () => clearTimeout(id)
}

function isHidden(): boolean {
  return (globalThis.document as Partial<Document> | undefined)?.visibilityState === 'hidden'
}

/** Listens to an event of the page, if there is one. */
function onPage(type: 'pagehide' | 'visibilitychange', run: () => void): () => void {
  const target = type === 'pagehide' ? globalThis : globalThis.document
  if (typeof target?.addEventListener !== 'function') return () => {}
  target.addEventListener(type, run)
  return () => target.removeEventListener(type, run)
}
