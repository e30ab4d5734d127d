import { parseErrorBody, readFailure } from '../wire/error-body.ts'
import { isMpcError, MpcError } from '../errors.ts'
import { X25519_LENGTH, type HpkeKeyPair } from '../hpke/x25519.ts'
import type { ShareStore } from '../storage/types.ts'
import { headerSource, requestHeaders, requestUrl, type HeaderSource } from '../transport/request.ts'
import { abortedBy, untilAborted } from '../util/exchange.ts'
import type { Transport, TransportRequest, TransportResponse } from '../transport/types.ts'
import { abytes, isBytes, toHex, wipe } from '../util/bytes.ts'
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
import { SEALED_VERSIONS } from '../wire/versions.ts'

/** Options of {@link sealedTransport}. */
export interface SealedTransportOptions {
  /** Sends the sealed requests. Its own headers are for proxies on the way; the server's handlers do not get them. */
  readonly transport: Transport
  /** The server's public key, 32 bytes. The app pins it: never request it from the server. */
  readonly serverKey: Uint8Array
  /** The client's share store. It also stores the device key. */
  readonly storage: ShareStore
  /** The `authorization` header, or a function that returns it before each request. It is sealed. No other header is allowed. */
  readonly headers?: HeaderSource
  /** The source of the device key and of ephemeral keys. Default: the platform's generator. */
  readonly random?: RandomSource
  /** Milliseconds since 1970. Default: the system's clock. It may be wrong: the server's responses correct it. */
  readonly now?: () => number
}

/** Only to check paths: a sealed request contains no host. */
const BASE = 'https://sealed.localhost'

/**
 * Seals every request to the server's pinned key, authenticated with the device's key. Proxies on the way see the device's
 * public key, times and sizes, but no share, token, wallet or status. A response that is not sealed is never accepted.
 *
 * Requests throw CHANNEL_FAILED if the response does not come from the holder of the pinned key, and
 * PROTOCOL_VERSION_UNSUPPORTED if the server, or a relay in its place, does not read their version. They throw NETWORK_ERROR
 * or RATE_LIMITED if a proxy responds with a transient failure, and what the inner transport throws.
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
  /** By how much the server's clock is ahead of this device's, according to the last response. */
  let aheadMs = 0

  /** Loaded again for each request until the store has returned it once: it may fail, or never respond. */
  async function deviceKey(signal?: AbortSignal): Promise<HpkeKeyPair> {
    loaded ??= await loadDeviceKey(storage, random, { ...(signal && { signal }) })
    return loaded
  }

  async function seal(request: TransportRequest, body: Uint8Array): Promise<SealedRequest> {
    const { authorization, contentType } = readHeaders(await requestHeaders(source, request))
    const device = await deviceKey(request.signal)
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

  /** Whole milliseconds. 0 if the clock does not return a number: then only the server's time is used. */
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
      body: response,
    } = open(sealed, await transport.request({ ...outer, ...(signal && { signal }) }))
    // The response was sealed for this request, so the server's clock had this time. A relay can only delay it.
    aheadMs = time - clock()
    return { status, body: response }
  }

  return {
    async request(request) {
      requestUrl(BASE, request)
      const body = new Uint8Array(request.body ?? [])
      const response = await exchange(request, body)
      // 425: the server has done nothing, and its time is known now.
      return response.status === NOT_FRESH_STATUS ? exchange(request, body) : response
    },
    deviceId: async () => toHex((await deviceKey()).publicKey),
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
    // A server cannot seal a response to a request that it cannot read. Whoever forges this can only refuse, as any relay.
    if (status === 400 && isOtherVersion(body)) throw otherVersion()
    // Any other unsealed response is only believed if it reports a transient failure.
    const { error, transient } = readFailure(status, undefined, retryAfterMs)
    throw transient ? error : channelFailed(`it has status ${status} and is not sealed`)
  }
  if (!isBytes(body)) throw channelFailed('it has no body')
  let plaintext: Uint8Array | undefined
  try {
    plaintext = sealed.openResponse(body)
    return decodeResponse(plaintext)
  } catch (error) {
    if (!isCodecError(error)) throw error
    throw channelFailed('it does not open')
  } finally {
    wipe(plaintext)
  }
}

function isOtherVersion(body: Uint8Array): boolean {
  return isBytes(body) && isMpcError(readFailure(400, parseErrorBody(body)).error, 'PROTOCOL_VERSION_UNSUPPORTED')
}

function otherVersion(): MpcError {
  const { format, written } = SEALED_VERSIONS
  return new MpcError(
    'PROTOCOL_VERSION_UNSUPPORTED',
    `the server says that it does not read ${format} of version ${written}`,
  )
}

function channelFailed(why: string): MpcError {
  return new MpcError('CHANNEL_FAILED', `the response is not from the server with the pinned key: ${why}`)
}
