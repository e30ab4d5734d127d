import { isBadRequest, readBody, Unavailable } from '../../service/http.ts'
import {
  decodeRequest,
  encodeResponse,
  FRESH_MS,
  NOT_FRESH_STATUS,
  REQUEST_FIELDS_MAX_LENGTH,
  SEALED_CONTENT_TYPE,
  type InnerRequest,
} from '../../channel/messages.ts'
import { openRequest, REQUEST_OVERHEAD, type OpenedRequest } from '../../channel/seal.ts'
import { MpcError } from '../../errors.ts'
import type { HpkeKeyPair } from '../../hpke/x25519.ts'
import { toHex, wipe } from '../../util/bytes.ts'
import { CodecError, isCodecError } from '../../util/codec.ts'
import type { RandomSource } from '../../util/random.ts'
import { errorName } from '../../util/brand.ts'
import { within } from '../../util/within.ts'
import { assertVersion, SEALED_VERSIONS } from '../../wire/versions.ts'

/** What opening sealed requests needs. */
export interface SealedOptions {
  /** The server's key pairs; without one no request opens. */
  readonly channelKeys: readonly HpkeKeyPair[]
  readonly random: RandomSource
  /** The longest body of a request within. */
  readonly bodyBytes: number
  /** How long the request may take to arrive. */
  readonly requestMs: number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Who has sealed a request, and what names it. */
export interface Sealed {
  /** The public key of the device, as hex. */
  readonly device: string
  /** 32 bytes that no other request has; undefined for one that may be sent as often as anybody likes. */
  readonly requestId: Uint8Array | undefined
}

/**
 * Opens a sealed request, passes the inner request on, and seals the response. The outer status is 200 whatever the inner
 * one is. A request that changes something is valid for some minutes: its time is compared with the server's, which the
 * response contains.
 *
 * @param dispatch responds to the inner request
 * @throws {PROTOCOL_VERSION_UNSUPPORTED} if it is of another version; the refusal is not sealed
 * @throws {CHANNEL_FAILED} if it does not open, whatever the cause; nothing was dispatched
 */
export async function respondSealed(
  request: Request,
  { channelKeys, random, bodyBytes, requestMs, now }: SealedOptions,
  dispatch: (inner: Request, sealed: Sealed) => Promise<Response>,
): Promise<Response> {
  let opened: OpenedRequest | undefined
  let inner: Request
  let time: number
  try {
    if (request.headers.get('content-type') !== SEALED_CONTENT_TYPE) throw new CodecError('not a sealed request')
    const most = REQUEST_OVERHEAD + REQUEST_FIELDS_MAX_LENGTH + bodyBytes
    // Who sends it is said within: anybody can send a body that never ends.
    const message = await within(requestMs, (signal) => readBody(request, most, signal), tooLate)
    assertVersion(message, SEALED_VERSIONS)
    opened = await openRequest(channelKeys, message, random)
    const decoded = decodeRequest(opened.plaintext)
    time = decoded.time
    inner = innerRequest(request, decoded)
  } catch (error) {
    // TypeError: a header or a path that no request can have.
    const isRefused = isCodecError(error) || isBadRequest(error) || errorName(error) === 'TypeError'
    throw isRefused ? channelFailed() : error
  } finally {
    wipe(opened?.plaintext)
  }
  const isGet = inner.method === 'GET'
  const isFresh = isGet || Math.abs(now() - time) <= FRESH_MS
  const from = { device: toHex(opened.device), requestId: isGet ? undefined : opened.id }
  const response = isFresh ? await dispatch(inner, from) : notFresh()
  const body = new Uint8Array(await response.arrayBuffer())
  const sealed = opened.sealResponse(encodeResponse({ status: response.status, time: Math.floor(now()), body }))
  const headers = { 'content-type': SEALED_CONTENT_TYPE, 'cache-control': 'no-store' }
  return new Response(sealed as Uint8Array<ArrayBuffer>, { headers })
}

function tooLate(): Unavailable {
  return new Unavailable('the request took too long to arrive')
}

/** The same for every cause: only the device that sealed a request may learn what is wrong with it. */
export function channelFailed(): MpcError {
  return new MpcError('CHANNEL_FAILED', 'the request does not open')
}

/** RFC 8470 §5.2: it may be a copy, so the client sends it again, with the time of this response. */
function notFresh(): Response {
  const message = 'the time of this request is too far from the time of its response: seal it again'
  return Response.json({ error: { id: 'TIMEOUT', message, retryable: true } }, { status: NOT_FRESH_STATUS })
}

/** It has the headers that were sealed, and none of those around it: a relay could have set them. */
function innerRequest(outer: Request, { method, path, authorization, contentType, body }: InnerRequest): Request {
  const headers = new Headers()
  if (authorization !== '') headers.set('authorization', authorization)
  if (contentType !== '') headers.set('content-type', contentType)
  if (!path.startsWith('/v1/')) throw new CodecError('a sealed request leads elsewhere')
  return new Request(new URL(outer.url).origin + path, {
    method,
    headers,
    ...(method !== 'GET' && { body: body as Uint8Array<ArrayBuffer> }),
  })
}
