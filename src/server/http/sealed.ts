import { isBadRequest, readBody } from '../../api/http.ts'
import {
  decodeRequest,
  encodeAnswer,
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

/** What opening sealed requests takes. */
export interface SealedOptions {
  /** The server's key pairs; without one no request opens. */
  readonly channelKeys: readonly HpkeKeyPair[]
  readonly random: RandomSource
  /** The longest body of a request within. */
  readonly bodyBytes: number
}

/**
 * Opens a sealed request, has the one within answered, and seals the answer: outside it is 200 whatever is within.
 *
 * @param dispatch answers the request within, which comes from the device of this public key (hex)
 * @throws {CHANNEL_FAILED} if it does not open, whatever the cause; nothing was dispatched
 */
export async function answerSealed(
  request: Request,
  { channelKeys, random, bodyBytes }: SealedOptions,
  dispatch: (inner: Request, device: string) => Promise<Response>,
): Promise<Response> {
  let opened: OpenedRequest | undefined
  let inner: Request
  try {
    if (request.headers.get('content-type') !== SEALED_CONTENT_TYPE) throw new CodecError('not a sealed request')
    const message = await readBody(request, REQUEST_OVERHEAD + REQUEST_FIELDS_MAX_LENGTH + bodyBytes)
    opened = await openRequest(channelKeys, message, random)
    inner = innerRequest(request, decodeRequest(opened.plaintext))
  } catch (error) {
    // TypeError: a header or a path that no request can have.
    const isRefused = isCodecError(error) || isBadRequest(error) || errorName(error) === 'TypeError'
    throw isRefused ? channelFailed() : error
  } finally {
    wipe(opened?.plaintext)
  }
  const answer = await dispatch(inner, toHex(opened.device))
  const body = new Uint8Array(await answer.arrayBuffer())
  const sealed = opened.sealAnswer(encodeAnswer({ status: answer.status, body }))
  const headers = { 'content-type': SEALED_CONTENT_TYPE, 'cache-control': 'no-store' }
  return new Response(sealed as Uint8Array<ArrayBuffer>, { headers })
}

/** The same for every cause: only the device that sealed a request may learn what is wrong with it. */
export function channelFailed(): MpcError {
  return new MpcError('CHANNEL_FAILED', 'the request does not open')
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
