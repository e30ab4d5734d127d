import { sha256 } from '../../symmetric/sha256.ts'
import { assertObject } from '../../util/arguments.ts'
import { checkBaseUrl } from '../../util/base-url.ts'
import { utf8 } from '../../util/bytes.ts'
import { readWebhookSecrets } from './signature.ts'

/** Where events are delivered: the option `events` of `createServer`. */
export interface EventOptions {
  /** The URL that receives each event as a POST: https, or http on a loopback host; without password, query or fragment. */
  readonly url: string
  /**
   * The signing secrets of Standard Webhooks: each `whsec_` and 24 to 64 bytes in base64. Every message is signed with all
   * of them, so that they can be changed while the receiver has one or the other.
   */
  readonly secrets: readonly string[]
  /** How long one attempt may take. Default: 15 s. */
  readonly timeoutMs?: number
  /** After how many failed attempts an event is given up. Default: 20, within two to three days. */
  readonly attempts?: number
  /** How long events are kept after they were delivered or given up, so that they can be replayed. Default: 30 days. */
  readonly keepMs?: number
  /** Default: the platform's fetch. */
  readonly fetch?: typeof globalThis.fetch
}

/** {@link EventOptions} that were checked. */
export interface EventReceiver extends Required<Omit<EventOptions, 'secrets'>> {
  /** The signing keys; secret. */
  readonly keys: readonly Uint8Array[]
  /** The SHA-256 hash of the URL. */
  readonly urlHash: Uint8Array
}

/** How long events are kept, unless an option says so. */
export const KEEP_EVENTS_MS = 30 * 24 * 60 * 60_000

/** @throws {TypeError | RangeError} if an option is wrong. The message contains neither the URL nor a secret. */
export function readEventReceiver(options: EventOptions | undefined): EventReceiver | undefined {
  if (options === undefined) return undefined
  const {
    secrets,
    timeoutMs = 15_000,
    attempts = 20,
    keepMs = KEEP_EVENTS_MS,
    fetch = globalThis.fetch,
  } = assertObject(options, 'events')
  checkBaseUrl(options.url, 'events.url')
  const { href: url } = new URL(options.url)
  for (const [name, value] of Object.entries({ timeoutMs, attempts, keepMs })) checkNumber(name, value)
  if (typeof fetch !== 'function') throw new TypeError('events.fetch must be a function')
  return { url, keys: readWebhookSecrets(secrets), timeoutMs, attempts, keepMs, fetch, urlHash: sha256(utf8(url)) }
}

/** A hundred years: a date this far ahead is still valid, and a count fits the database's int. */
const MOST = { ms: 100 * 365.25 * 24 * 60 * 60_000, count: 2 ** 30 }

function checkNumber(name: string, value: number): void {
  const most = name.endsWith('Ms') ? MOST.ms : MOST.count
  if (Number.isSafeInteger(value) && value > 0 && value <= most) return
  throw new RangeError(`events.${name} must be a positive integer, at most ${most}`)
}
