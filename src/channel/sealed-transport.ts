import { readFailure } from '../wire/error-body.ts'
import { MpcError } from '../errors.ts'
import { X25519_LENGTH, type HpkeKeyPair } from '../hpke/x25519.ts'
import type { ShareStore } from '../storage/types.ts'
import {
  abortedBy,
  headerSource,
  requestHeaders,
  requestUrl,
  untilAborted,
  type HeaderSource,
} from '../transport/request.ts'
import type { Transport, TransportRequest, TransportResponse } from '../transport/types.ts'
import { abytes, isBytes, wipe } from '../util/bytes.ts'
import { isCodecError } from '../util/codec.ts'
import { systemRandom, type RandomSource } from '../util/random.ts'
import { loadDeviceKey } from './device-key.ts'
import {
  decodeResponse,
  encodeRequest,
  NOT_FRESH_STATUS,
  SEALED_CONTENT_TYPE,
  SEALED_PATH,
  type InnerResponse,
} from './messages.ts'
import { sealRequest, type SealedRequest } from './seal.ts'
import { assertObject } from '../util/arguments.ts'

/** What {@link sealedTransport} is made of. */
export interface SealedTransportOptions {
  /** Carries the sealed requests; headers of its own are for what lies between, and never reach the server's handlers. */
  readonly transport: Transport
  /** The server's public key, 32 bytes: pinned by the app, never asked for. */
  readonly serverKey: Uint8Array
  /** The client's store, which keeps the device key too. */
  readonly storage: ShareStore
  /** The `authorization` header, which is sealed; no other is carried. As it is, or a function that is asked before each request. */
  readonly headers?: HeaderSource
  /** Where the device key and each request's own key come from; the platform's generator by default. */
  readonly random?: RandomSource
  /** Milliseconds since 1970; the system's clock by default. It may be wrong: the server's answers tell the time. */
  readonly now?: () => number
}

/** Any base does: the path alone is carried. */
const BASE = 'https://sealed.localhost'

/**
 * Seals every request to the server's pinned key, and by the device's own: what carries it sees who the device is, when,
 * and how much; no share, no token, no wallet, no status. An answer that is not sealed is never taken for one.
 *
 * Requests throw CHANNEL_FAILED if the answer does not come from the holder of the pinned key, and NETWORK_ERROR or
 * RATE_LIMITED if something on the way has answered in its place what passes.
 *
 * @throws {TypeError | RangeError} if an option is wrong
 *
 * @example
 * const transport = sealedTransport({ transport: httpTransport(url), serverKey, storage, headers })
 */
export function sealedTransport(options: SealedTransportOptions): Transport {
  const {
    transport,
    storage,
    headers,
    random = systemRandom,
    now = Date.now,
  } = assertObject(options, 'sealedTransport')
  if (typeof transport?.request !== 'function') throw new TypeError('transport must have a request method')
  if (typeof storage?.read !== 'function') throw new TypeError('storage must be a share store')
  if (typeof random !== 'function') throw new TypeError('random must be a function')
  if (typeof now !== 'function') throw new TypeError('now must be a function')
  const source = headerSource(headers)
  const serverKey = abytes(options.serverKey, X25519_LENGTH, 'serverKey').slice()
  let loaded: HpkeKeyPair | undefined
  /** What the server's clock is ahead of this device's, as the last answer showed it. */
  let aheadMs = 0

  /** Asked anew until the store has answered once: it may fail, or never answer. */
  async function deviceKey(): Promise<HpkeKeyPair> {
    loaded ??= await loadDeviceKey(storage, random)
    return loaded
  }

  async function seal(request: TransportRequest, body: Uint8Array): Promise<SealedRequest> {
    const { authorization, contentType } = readHeaders(await requestHeaders(source, request))
    const device = await deviceKey()
    const plaintext = encodeRequest({
      method: request.method,
      time: serverTime(),
      path: request.path,
      authorization,
      contentType,
      body,
    })
    try {
      return await sealRequest(serverKey, device, plaintext, random)
    } catch (cause) {
      if (isCodecError(cause)) throw new RangeError('serverKey is not a key that anything can be sealed to')
      throw cause
    } finally {
      wipe(plaintext)
    }
  }

  function serverTime(): number {
    return Math.max(0, clock() + aheadMs)
  }

  /** Whole milliseconds; of a clock that says nothing only the server's time is known. */
  function clock(): number {
    const time = Math.floor(now())
    return Number.isSafeInteger(time) ? time : 0
  }

  async function exchange(request: TransportRequest, body: Uint8Array): Promise<TransportResponse> {
    const { signal } = request
    if (signal?.aborted) throw abortedBy(signal)
    const sealed = await untilAborted(signal, seal(request, body))
    const outer = {
      method: 'POST',
      path: SEALED_PATH,
      contentType: SEALED_CONTENT_TYPE,
      body: sealed.message,
    } as const
    const {
      status,
      time,
      body: answer,
    } = open(sealed, await transport.request({ ...outer, ...(signal && { signal }) }))
    // It was sealed for this request: at that time the server's clock was there. A relay that holds it up makes it older.
    aheadMs = time - clock()
    return { status, body: answer }
  }

  return {
    async request(request) {
      requestUrl(BASE, request)
      const body = new Uint8Array(request.body ?? [])
      const answer = await exchange(request, body)
      // By now the server's time is known; it has done nothing.
      return answer.status === NOT_FRESH_STATUS ? exchange(request, body) : answer
    },
  }
}

function readHeaders(headers: Headers): { authorization: string; contentType: string } {
  for (const name of headers.keys()) {
    if (name !== 'authorization' && name !== 'content-type') {
      throw new TypeError(`a sealed request carries no header ${name}`)
    }
  }
  return { authorization: headers.get('authorization') ?? '', contentType: headers.get('content-type') ?? '' }
}

function open(sealed: SealedRequest, { status, body, retryAfterMs }: TransportResponse): InnerResponse {
  if (status !== 200) {
    // What is on the way is believed that it is busy, and nothing else.
    const { error, transient } = readFailure(status, undefined, retryAfterMs)
    throw transient ? error : channelFailed(`it was answered ${status}, and not sealed`)
  }
  if (!isBytes(body)) throw channelFailed('the answer is none')
  let plaintext: Uint8Array | undefined
  try {
    plaintext = sealed.openResponse(body)
    return decodeResponse(plaintext)
  } catch (error) {
    if (!isCodecError(error)) throw error
    throw channelFailed('the answer does not open')
  } finally {
    wipe(plaintext)
  }
}

function channelFailed(why: string): MpcError {
  return new MpcError('CHANNEL_FAILED', `no answer of the server whose key is pinned: ${why}`)
}
