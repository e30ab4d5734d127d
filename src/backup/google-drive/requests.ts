import { isMpcError, type MpcError } from '../../errors.ts'
import { wipe } from '../../util/bytes.ts'
import { abortedBy, exchangeOnce, untilAborted } from '../../util/exchange.ts'
import { readResponse, type HttpResponse } from '../../util/http-response.ts'
import { platformRandom } from '../../util/platform-random.ts'
import { within } from '../../util/within.ts'
import { failureOf, malformed, unavailable } from './failures.ts'

/**
 * Gives an OAuth access token of the user with the scope `drive.appdata`, with which one request is sent.
 *
 * @param options.force whether a token from a cache will not do: Drive has refused it
 * @param options.signal is aborted when the caller aborts
 */
export type GetToken = (options: {
  readonly force: boolean
  readonly signal?: AbortSignal | undefined
}) => string | Promise<string>

/** How requests reach Drive. */
export interface DriveConnection {
  readonly getToken: GetToken
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  /** Without a trailing slash. */
  readonly endpoint: string
  readonly timeoutMs: number
  /** Waits, and rejects with ABORTED when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

/** A request, which may be sent several times. */
export interface DriveRequest<T> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Path and query. */
  readonly path: string
  /** Made anew each time it is sent, and wiped once `fetch` has given a response or failed. */
  readonly body?: () => { readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> }
  readonly maxResponseBytes: number
  /** Reads the response of a status below 300. Undefined if it is none of Drive. */
  readonly parse: (body: Uint8Array, status: number) => T | undefined
  /** What other statuses mean that are no failure. */
  readonly also?: ReadonlyMap<number, T>
}

const MAX_TRIES = 5
/** A user who has to sign in takes some time. */
const TOKEN_MS = 300_000
const FIRST_PAUSE_MS = 500
/** Who is asked to wait longer gives up, and says for how long. */
const MAX_PAUSE_MS = 16_000

/**
 * Sends a request until it succeeds, at most {@link MAX_TRIES} times.
 *
 * What passes by itself is waited for, twice as long each time: a lost connection, a time-out, a response that is none of
 * Drive, 429, 5xx and a 403 for the rate. A refused token is replaced once.
 *
 * @throws {STORAGE_UNAVAILABLE | STORAGE_FULL} if it does not succeed
 * @throws {ABORTED} if the signal is aborted
 */
export async function send<T>(
  connection: DriveConnection,
  request: DriveRequest<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  let token = await currentToken(connection, false, signal)
  let renewed = false
  for (let tries = 1; ; tries++) {
    let outcome = await sendOnce(connection, request, token, signal)
    if (outcome.status === 401 && !renewed) {
      renewed = true
      token = await currentToken(connection, true, signal)
      outcome = await sendOnce(connection, request, token, signal)
    }
    if (outcome.failure === undefined) return outcome.value
    const { retryable, retryAfterMs = 0 } = outcome.failure
    const pauseMs = Math.max(retryAfterMs, jittered(FIRST_PAUSE_MS * 2 ** (tries - 1)))
    if (!retryable || tries >= MAX_TRIES || pauseMs > MAX_PAUSE_MS) throw outcome.failure
    await connection.sleep(pauseMs, signal)
  }
}

type Outcome<T> = { readonly status?: number } & (
  { readonly failure: MpcError } | { readonly failure?: undefined; readonly value: T }
)

/** @throws {ABORTED} if the signal is aborted */
async function sendOnce<T>(
  connection: DriveConnection,
  request: DriveRequest<T>,
  token: string,
  signal: AbortSignal | undefined,
): Promise<Outcome<T>> {
  try {
    const response = await exchange(connection, request, token, signal)
    return { status: response.status, ...resultOf(request, response) }
  } catch (error) {
    if (!isMpcError(error) || error.code === 'ABORTED') throw error
    return { failure: lost(error.code) }
  }
}

/** Between a half more and a half less, so that devices that failed together do not come back together. */
function jittered(ms: number): number {
  return ms * (0.5 + (platformRandom(1)[0] as number) / 256)
}

/** Without a cause: the error of a `fetch` that somebody has wrapped may show the request, with its token. */
function lost(code: string): MpcError {
  if (code === 'MALFORMED_RESPONSE') return malformed()
  return unavailable(code === 'TIMEOUT' ? 'no response came in time' : 'it cannot be reached')
}

/**
 * Without a cause where `getToken` fails: the error of a sign-in library may show a token.
 *
 * @throws {STORAGE_UNAVAILABLE} if it fails, gives nothing within five minutes or no access token
 * @throws {ABORTED} if the signal is aborted
 */
async function currentToken(
  { getToken }: DriveConnection,
  force: boolean,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (signal?.aborted) throw abortedBy(signal)
  const late = () => unavailable('getToken gave nothing within five minutes')
  const asked = within<unknown>(TOKEN_MS, () => getToken({ force, signal }), late)
  const token = await untilAborted(signal, asked).catch((error: unknown) => {
    throw isMpcError(error) ? error : unavailable('getToken failed')
  })
  // RFC 6750 §2.1. Checked here, since the platform's error for a bad header repeats it.
  if (typeof token === 'string' && /^[\w.~+/-]{1,8192}=*$/.test(token)) return token
  throw unavailable('getToken gave no access token', { retryable: false })
}

function exchange<T>(
  { fetch, endpoint, timeoutMs }: DriveConnection,
  { method, path, body, maxResponseBytes }: DriveRequest<T>,
  token: string,
  signal: AbortSignal | undefined,
): Promise<HttpResponse> {
  return exchangeOnce(signal, timeoutMs, async (signal) => {
    const content = body?.()
    const headers = { authorization: `Bearer ${token}`, ...(content && { 'content-type': content.type }) }
    let response: Response
    try {
      response = await fetch(endpoint + path, {
        method,
        headers,
        signal,
        // `manual`, and readResponse refuses the redirect: the token is for this server only. No `cache`, for which React
        // Native adds a parameter to the URL that Drive does not know; Drive's own headers say that nothing is kept.
        redirect: 'manual',
        ...(content && { body: content.bytes }),
      })
    } finally {
      wipe(content?.bytes)
    }
    return readResponse(response, maxResponseBytes)
  })
}

function resultOf<T>({ parse, also }: DriveRequest<T>, response: HttpResponse): Outcome<T> {
  const { status, body } = response
  const known = also?.get(status)
  if (known !== undefined) return { value: known }
  if (status < 200 || status >= 300) return { failure: failureOf(response) }
  const value = parse(body, status)
  return value === undefined ? { failure: malformed() } : { value }
}
