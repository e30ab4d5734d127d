import { MpcError } from '../../errors.ts'
import { abytes, equalBytes, fromBase64, isHex, toBase64, toHex, wipe } from '../../util/bytes.ts'
import { assertMethods, assertObject } from '../../util/arguments.ts'
import { abortedBy } from '../../util/exchange.ts'
import { checkBaseUrl } from '../../util/base-url.ts'
import { platformRandom } from '../../util/platform-random.ts'
import type { CloudKeyCallOptions, CloudKeyStorage } from '../methods/cloud-storage.ts'
import type { ICloudAuth } from './auth.ts'
import { isObject, malformed, unavailable, type Refusal } from './response.ts'
import { createSession, type SessionSettings } from './session.ts'
import { defaultTokens, pageStorage, type WebTokenStore } from './tokens.ts'

/** Options of {@link iCloud}. */
export interface ICloudOptions {
  /** The container's id: `iCloud.` and a name. */
  readonly container: string
  /** Which of the container's two databases: they hold different records, and each has API tokens of its own. */
  readonly environment: 'development' | 'production'
  /** The API token of the container and environment. Not secret. */
  readonly apiToken: string
  /**
   * The app's id of its user: 1 to 128 printable ASCII characters without spaces. Calls for different users never share a
   * web token, and so not an iCloud. Required where `localStorage` keeps the token.
   */
  readonly user?: string
  /** Gets a web token when the user must sign in. Without it, that is STORAGE_UNAVAILABLE, `retryable: false`. */
  readonly auth?: ICloudAuth
  /** Where the current web token is kept. Default: the page's `localStorage`; where there is none, memory. */
  readonly tokens?: WebTokenStore
  /** Default: `globalThis.fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Time limit of one request in milliseconds, until the last byte of the response. Default: 30,000. */
  readonly timeoutMs?: number
  /** Default: `https://api.apple-cloudkit.com`. */
  readonly endpoint?: string
}

/** What {@link iCloud} gives. */
export interface ICloudStorage extends CloudKeyStorage {
  /**
   * Forgets the web token: the next call asks the user to sign in. Calls that have begun end first, so abort them before.
   * The keys stay in iCloud.
   *
   * @throws {STORAGE_UNAVAILABLE} if they do not end within six minutes, or the token cannot be deleted
   * @throws {ABORTED} by the caller's signal
   */
  signOut(options?: CloudKeyCallOptions): Promise<void>
}

/** The record type, and its field of type Bytes. */
const RECORD_TYPE = 'ReshareKey'
const FIELD = 'key'
/** An age identity has at most 2 KB. */
const MAX_KEY_BYTES = 16 * 1024

/**
 * Keeps cloud keys in the user's iCloud: in the private database of the app's CloudKit container, by CloudKit web services.
 *
 * Requests are sent one at a time, those of all tabs together, because each web token serves one. What passes by itself is
 * waited for, for some ten seconds; if iCloud asks for more than half a minute, the error has `retryAfterMs`.
 *
 * Calls reject with STORAGE_UNAVAILABLE, with `retryable: false` if the container is not set up or there is no `auth`; with
 * STORAGE_FULL if the user's iCloud is full; and with ABORTED. No message contains a token.
 *
 * @throws {TypeError} if an option is wrong
 * @throws {RangeError} if `timeoutMs` is out of range
 * @example
 * const keys = iCloud({ container, environment: 'production', apiToken, user: userId, auth: appleSignIn() })
 * const icloud = cloudKey({ provider: 'ICLOUD', storage: keys })
 */
export function iCloud(options: ICloudOptions): ICloudStorage {
  const session = createSession(checkOptions(options))

  async function lookup(id: string, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    const body = { records: [{ recordName: id }], desiredKeys: [FIELD] }
    const { record } = await session.request({ operation: 'records/lookup', id, body, expected: isMissing }, signal)
    return record === undefined || isDeleted(record) ? undefined : keyOf(record)
  }

  async function create(id: string, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    // A copy: the caller may change the bytes meanwhile.
    const key = new Uint8Array(abytes(bytes, undefined, 'bytes'))
    if (key.length > MAX_KEY_BYTES) throw new RangeError(`a key has at most ${MAX_KEY_BYTES} bytes`)
    let stored: Uint8Array | undefined
    try {
      const fields = { [FIELD]: { value: toBase64(key), type: 'BYTES' } }
      const record = { recordType: RECORD_TYPE, recordName: id, fields }
      const request = { ...modify('create', record, id), expected: exists, isDone: isCreated }
      const written = await session.request(request, signal)
      if (written.record !== undefined) return
      // The record may be of an earlier request of this call, whose response was lost.
      stored = written.repeated ? await lookup(id, signal) : undefined
      if (stored === undefined || !equalBytes(stored, key)) {
        throw new MpcError('STORAGE_CONFLICT', 'iCloud has a key with this id')
      }
    } finally {
      wipe(key, stored)
    }
  }

  async function remove(id: string, signal: AbortSignal | undefined, withoutSignIn = false): Promise<void> {
    // By force: a change tag would have to be read first, and no record is ever changed.
    const request = modify('forceDelete', { recordName: id }, id)
    await session.request({ ...request, expected: isMissing, isDone: isDeleted, withoutSignIn }, signal)
  }

  async function probe(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) throw abortedBy(signal)
    const [id, bytes] = [`probe-${toHex(platformRandom(16))}`, platformRandom(32)]
    try {
      await create(id, bytes, signal)
      const stored = await lookup(id, signal)
      if (stored === undefined || !equalBytes(stored, bytes)) {
        throw unavailable('it did not give back what was written')
      }
      await remove(id, signal)
    } catch (error) {
      // The user is not asked to sign in for this; a caller that has aborted does not wait for it.
      const removed = remove(id, undefined, true).catch(() => undefined)
      if (!signal?.aborted) await removed
      throw error
    }
  }

  return {
    read: async (id, options) => lookup(checkId(id), options?.signal),
    write: async (id, bytes, options) => create(checkId(id), bytes, options?.signal),
    delete: async (id, options) => remove(checkId(id), options?.signal),
    probe: async (options) => probe(options?.signal),
    signOut: (options) => session.signOut(options?.signal),
  }
}

function modify(operationType: string, record: object, id: string) {
  return { operation: 'records/modify', id, body: { operations: [{ operationType, record }] } } as const
}

type CloudRecord = Readonly<Record<string, unknown>>

const isCreated = ({ recordType, recordChangeTag, deleted }: CloudRecord): boolean =>
  recordType === RECORD_TYPE && typeof recordChangeTag === 'string' && deleted !== true

const isDeleted = ({ deleted }: CloudRecord): boolean => deleted === true

/** Of the record alone: a container that is not there is an error. */
const isMissing = ({ code, ofRecord }: Refusal): boolean => ofRecord && code === 'NOT_FOUND'

/** The reference says EXISTS; the service says CONFLICT ("record to insert already exists"). */
const exists = ({ code }: Refusal): boolean => code === 'EXISTS' || code === 'CONFLICT'

/** @throws {STORAGE_UNAVAILABLE} if the record does not have a key */
function keyOf({ recordType, fields }: CloudRecord): Uint8Array {
  const field = isObject(fields) ? fields[FIELD] : undefined
  const value = isObject(field) && field['type'] === 'BYTES' ? field['value'] : undefined
  if (recordType !== RECORD_TYPE || typeof value !== 'string' || value.length > MAX_KEY_BYTES * 1.5) throw malformed()
  try {
    return fromBase64(value)
  } catch {
    throw malformed()
  }
}

function checkId(id: string): string {
  if (!isHex(id, 16)) throw new TypeError('id must be 32 hexadecimal digits')
  return id
}

function checkOptions(options: ICloudOptions): SessionSettings {
  const { container, environment, apiToken, user, auth, fetch, timeoutMs = 30_000 } = assertObject(options, 'iCloud')
  if (typeof container !== 'string' || !/^iCloud\.[A-Za-z0-9.-]{1,248}$/.test(container)) {
    throw new TypeError('container must be the id of a CloudKit container')
  }
  if (environment !== 'development' && environment !== 'production') {
    throw new TypeError('environment must be development or production')
  }
  if (typeof apiToken !== 'string' || !/^[!-~]{1,512}$/.test(apiToken)) {
    throw new TypeError('apiToken must be an API token of the container')
  }
  // Otherwise the next user of this browser would get the iCloud of the one before.
  const needsUser = options.tokens === undefined && pageStorage() !== undefined
  if (user === undefined ? needsUser : typeof user !== 'string' || !/^[!-~]{1,128}$/.test(user)) {
    throw new TypeError("user must be the app's id of its user: printable ASCII without spaces, at most 128 characters")
  }
  if (auth !== undefined) assertMethods(auth, ['signIn'], 'auth')
  if (fetch !== undefined && typeof fetch !== 'function') throw new TypeError('fetch must be a function')
  if (!Number.isFinite(timeoutMs) || timeoutMs < 1) throw new RangeError('timeoutMs must be at least 1')
  const endpoint = checkBaseUrl(options.endpoint ?? 'https://api.apple-cloudkit.com', 'endpoint')
  const name = `reshare/icloud/${container}/${environment}${user === undefined ? '' : `/${user}`}`
  const tokens = options.tokens ?? defaultTokens(name)
  assertMethods(tokens, ['load', 'save'], 'tokens')
  const database = `${endpoint}/database/1/${container}/${environment}/private`
  return { name, database, apiToken, auth, tokens, fetch, timeoutMs }
}
