import { isMpcError, type MpcError } from '../../errors.ts'
import { abortedBy, exchangeOnce, untilAborted } from '../../util/exchange.ts'
import { readResponse } from '../../util/http-response.ts'
import { utf8, wipe } from '../../util/bytes.ts'
import { platformRandom } from '../../util/platform-random.ts'
import { isWebToken, type ICloudAuth } from './auth.ts'
import { malformed, parseReply, refusedError, unavailable, type Refusal, type Reply } from './response.ts'
import { inTurn, type WebTokenStore } from './tokens.ts'

/** Many times what a record with a key needs. */
const MAX_RESPONSE_BYTES = 128 * 1024
/** Requests of one call, those before and after a sign-in together. */
const MAX_REQUESTS = 6
const FIRST_WAIT_MS = 500
const MAX_WAIT_MS = 4_000
/** If iCloud asks for more, the call ends, and its error says how long. */
const MAX_RETRY_AFTER_MS = 30_000
const SIGN_IN_MS = 300_000
/** A store may ask the user for a fingerprint. */
const TOKENS_MS = 60_000

/** What a session needs to know. */
export interface SessionSettings {
  /** Names the container, the environment and the user, for the lock. */
  readonly name: string
  /** The URL of the private database, with no slash at its end. */
  readonly database: string
  readonly apiToken: string
  readonly auth: ICloudAuth | undefined
  readonly tokens: WebTokenStore
  readonly fetch: ((url: string, init: RequestInit) => Promise<Response>) | undefined
  readonly timeoutMs: number
}

/** A request about one record. */
export interface RecordRequest {
  readonly operation: 'records/lookup' | 'records/modify'
  /** The record's name. */
  readonly id: string
  readonly body: object
  /** Errors that are a result. */
  readonly expected: (reply: Refusal) => boolean
  /** Whether a record says that the request was carried out. Undefined: the caller checks it. */
  readonly isDone?: (record: Readonly<Record<string, unknown>>) => boolean
  /** Fails where the user would have to sign in. */
  readonly withoutSignIn?: boolean
}

/** What became of it. */
export interface RecordResult {
  /** Undefined if the request was refused with an expected error. */
  readonly record: Readonly<Record<string, unknown>> | undefined
  /** Whether an earlier request of this call may have had its effect already. */
  readonly repeated: boolean
}

type Attempt =
  | { readonly type: 'done'; readonly record: RecordResult['record'] }
  | { readonly type: 'signed-out'; readonly error: MpcError; readonly redirectUrl: string | undefined }
  | { readonly type: 'failed'; readonly error: MpcError; readonly retried: boolean }

/** Sends requests to the user's private database, one after the other: each web token serves one. */
export function createSession(settings: SessionSettings) {
  const { name, database, apiToken, auth, tokens, timeoutMs } = settings
  const send = settings.fetch ?? ((url, init) => globalThis.fetch(url, init))

  async function load(signal: AbortSignal | undefined): Promise<string | undefined> {
    let token: unknown
    try {
      token = await exchangeOnce(signal, TOKENS_MS, async () => tokens.load())
    } catch {
      if (signal?.aborted) throw abortedBy(signal)
      // Without a cause, here and below: its message may repeat a token.
      throw unavailable('the web token could not be loaded')
    }
    return isWebToken(token) ? token : undefined
  }

  /** Not ended by the caller's signal: the next call needs the token. */
  async function save(token: string | undefined): Promise<void> {
    try {
      await exchangeOnce(undefined, TOKENS_MS, async () => tokens.save(token))
    } catch {
      throw unavailable('the web token could not be saved')
    }
  }

  /** Sends a request once. */
  async function exchange(
    request: RecordRequest,
    token: string | undefined,
    signal: AbortSignal | undefined,
    onHeaders: (headers: Headers) => void,
  ): Promise<Reply> {
    const query = `?ckAPIToken=${encodeURIComponent(apiToken)}`
    const session = token === undefined ? '' : `&ckWebAuthToken=${encodeURIComponent(token)}`
    const body = utf8(JSON.stringify(request.body)) as Uint8Array<ArrayBuffer>
    try {
      const response = await exchangeOnce(signal, timeoutMs, async (signal) => {
        const response = await send(`${database}/${request.operation}${query}${session}`, {
          method: 'POST',
          // As in Apple's examples: a browser asks for no permission first.
          headers: { 'content-type': 'text/plain' },
          body,
          credentials: 'omit',
          redirect: 'manual',
          signal,
        })
        onHeaders(response.headers)
        return readResponse(response, MAX_RESPONSE_BYTES)
      })
      return parseReply(response, request.id)
    } finally {
      wipe(body)
    }
  }

  async function signIn(redirectUrl: string, signal: AbortSignal | undefined): Promise<string> {
    if (auth === undefined) throw unavailable('the user must sign in', { retryable: false })
    let token: unknown
    try {
      token = await exchangeOnce(signal, SIGN_IN_MS, (signal) => auth.signIn({ redirectUrl, apiToken, signal }))
    } catch (error) {
      if (!isMpcError(error) || isMpcError(error, 'NETWORK_ERROR')) throw unavailable('the user did not sign in')
      throw isMpcError(error, 'TIMEOUT') ? unavailable('nobody signed in for five minutes') : error
    }
    if (!isWebToken(token)) throw unavailable('the sign-in gave no web token', { retryable: false })
    await save(token)
    return token
  }

  /** Sends a request once, and saves the token for the next one, even if the response's body breaks off. */
  async function attempt(request: RecordRequest, token: string | undefined, signal?: AbortSignal): Promise<Attempt> {
    let next: unknown
    try {
      const reply = await exchange(request, token, signal, (headers) => {
        next = headers.get('x-apple-cloudkit-web-auth-token')
      })
      if (reply.type === 'record') {
        if (request.isDone?.(reply.record) === false) throw malformed()
        return { type: 'done', record: reply.record }
      }
      if (request.expected(reply)) return { type: 'done', record: undefined }
      const { error, retried } = refusedError(reply)
      const { code, redirectUrl } = reply
      if (code === 'AUTHENTICATION_REQUIRED' || (code === 'AUTHENTICATION_FAILED' && token !== undefined)) {
        return { type: 'signed-out', error, redirectUrl }
      }
      return { type: 'failed', error, retried }
    } catch (error) {
      if (isMpcError(error, 'ABORTED')) throw error
      if (isMpcError(error, 'STORAGE_UNAVAILABLE')) return { type: 'failed', error, retried: true }
      const { message } = isMpcError(error) ? error : { message: 'no response' }
      return { type: 'failed', error: unavailable(message), retried: true }
    } finally {
      if (token !== undefined && isWebToken(next)) await save(next)
    }
  }

  async function run(request: RecordRequest, signal: AbortSignal | undefined): Promise<RecordResult> {
    let repeated = false
    /** What the user has just signed in for, and no request has used. */
    let unused: string | undefined
    let asked = request.withoutSignIn === true
    for (let sent = 1; ; sent++) {
      const token = unused ?? (await load(signal))
      const result = await attempt(request, token, signal)
      if (result.type === 'done') return { record: result.record, repeated }
      if (result.type === 'signed-out') {
        // Somebody who does not take turns, such as another process, may have saved another one meanwhile.
        const current = token && (await load(signal))
        const isReplaced = current !== undefined && current !== token
        if (token !== undefined) {
          repeated = true
          if (!isReplaced) await save(undefined)
        }
        if (sent >= MAX_REQUESTS || unused !== undefined) throw result.error
        if (isReplaced) continue
        if (result.redirectUrl !== undefined) {
          // A connection that breaks again and again must not ask the user each time.
          if (asked) throw unavailable('the response to the sign-in was lost')
          asked = true
          unused = await signIn(result.redirectUrl, signal)
        }
        // Without the token, iCloud says where to sign in.
        else if (token === undefined) throw result.error
      } else {
        const waitMs = waitBefore(sent, result.error.retryAfterMs)
        if (!result.retried || sent >= MAX_REQUESTS || waitMs > MAX_RETRY_AFTER_MS) throw result.error
        repeated = true
        unused = undefined
        await pause(waitMs, signal)
      }
    }
  }

  return {
    /**
     * Sends a request, and again while that may help.
     *
     * @throws {STORAGE_UNAVAILABLE | STORAGE_FULL | ABORTED}
     */
    request: (request: RecordRequest, signal: AbortSignal | undefined): Promise<RecordResult> =>
      inTurn(name, tokens, signal, () => run(request, signal)),

    /** Forgets the web token once no call uses it. */
    signOut: (signal: AbortSignal | undefined): Promise<void> => inTurn(name, tokens, signal, () => save(undefined)),
  }
}

/** The time before the next request: twice as long each time, less a random part, and as long as iCloud asks for. */
function waitBefore(sent: number, retryAfterMs = 0): number {
  const longest = Math.min(FIRST_WAIT_MS * 2 ** (sent - 1), MAX_WAIT_MS)
  const [random = 0] = platformRandom(1)
  return Math.max(retryAfterMs, longest * (1 - random / 512))
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    await untilAborted(signal, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))))
  } finally {
    clearTimeout(timer)
  }
}
