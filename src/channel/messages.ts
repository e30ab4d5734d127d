import { fromUtf8, utf8 } from '../util/bytes.ts'
import { checkText, isText } from '../util/text.ts'
import { CodecError, Reader, Writer, isCodecError } from '../util/codec.ts'

/** The path to which sealed requests are posted. */
export const SEALED_PATH = '/v1/sealed'
/** The content type of sealed requests and responses. */
export const SEALED_CONTENT_TYPE = 'application/vnd.reshare.sealed'

/** The length of a plaintext is padded to a multiple of this, so that it reveals little. Most bodies are one or two blocks. */
export const BLOCK_LENGTH = 256

/** How much the time of a request may differ from the server's time. If it differs more, a request that is not a GET is refused. */
export const FRESH_MS = 5 * 60_000

/** The status of a sealed response to a request whose time differs too much: it may be a copy that a relay has kept. */
export const NOT_FRESH_STATUS = 425

/** In bytes. */
export const PATH_MAX_LENGTH = 2048
/** In bytes. */
export const AUTHORIZATION_MAX_LENGTH = 16_384
/** In bytes. */
export const CONTENT_TYPE_MAX_LENGTH = 256

/** Maximum length in bytes of a request's plaintext without its body. */
export const REQUEST_FIELDS_MAX_LENGTH =
  1 + 8 + 4 * 4 + PATH_MAX_LENGTH + AUTHORIZATION_MAX_LENGTH + CONTENT_TYPE_MAX_LENGTH + BLOCK_LENGTH

const METHODS = ['GET', 'POST', 'PUT'] as const

/** A request before it is sealed. */
export interface InnerRequest {
  readonly method: (typeof METHODS)[number]
  /** Milliseconds since 1970, by the server's clock as far as the device knows it. */
  readonly time: number
  /** Path and query, starting with `/v1/`. */
  readonly path: string
  /** The `authorization` header; empty if there is none. No other header is sent: a proxy may set those for the server. */
  readonly authorization: string
  /** Empty if there is none. */
  readonly contentType: string
  /** Empty for a GET. */
  readonly body: Uint8Array
}

/** A response before it is sealed. */
export interface InnerResponse {
  /** The HTTP status, 200 to 599. */
  readonly status: number
  /** Milliseconds since 1970, by the server's clock. */
  readonly time: number
  readonly body: Uint8Array
}

/**
 * Encodes a request as `method u8 | time u64 | path | authorization | content type | body | zeros`. Path, authorization,
 * content type and body are a length (u32) and bytes each. The zeros pad the whole to a multiple of 256 bytes.
 *
 * @throws {RangeError} if a text is too long or has a control character, or if the time is not an integer
 */
export function encodeRequest({ method, time, path, authorization, contentType, body }: InnerRequest): Uint8Array {
  const writer = new Writer()
    .u8(METHODS.indexOf(method) + 1)
    .u64(time)
    .prefixed(text(path, PATH_MAX_LENGTH, 'path'))
    .prefixed(text(authorization, AUTHORIZATION_MAX_LENGTH, 'authorization'))
    .prefixed(text(contentType, CONTENT_TYPE_MAX_LENGTH, 'content type'))
    .prefixed(body)
  return pad(writer, 1 + 8 + 4 * 4 + length(path) + length(authorization) + length(contentType) + body.length)
}

/** Decodes what {@link encodeRequest} wrote. @throws {CodecError} for anything else */
export function decodeRequest(bytes: Uint8Array): InnerRequest {
  const reader = new Reader(bytes)
  const method = METHODS[reader.u8() - 1]
  if (method === undefined) throw new CodecError('a sealed request has no such method')
  const time = reader.u64()
  const path = readText(reader, PATH_MAX_LENGTH)
  const authorization = readText(reader, AUTHORIZATION_MAX_LENGTH)
  const contentType = readText(reader, CONTENT_TYPE_MAX_LENGTH)
  const body = reader.prefixed(bytes.length)
  endPadded(reader, bytes)
  if (method === 'GET' && body.length > 0) throw new CodecError('a sealed GET has a body')
  return { method, time, path, authorization, contentType, body }
}

/** Encodes a response as `status u16 | time u64 | length u32 | body | zeros`, padded to a multiple of 256 bytes. */
export function encodeResponse({ status, time, body }: InnerResponse): Uint8Array {
  return pad(new Writer().u16(status).u64(time).prefixed(body), 2 + 8 + 4 + body.length)
}

/** Decodes what {@link encodeResponse} wrote. @throws {CodecError} for anything else */
export function decodeResponse(bytes: Uint8Array): InnerResponse {
  const reader = new Reader(bytes)
  const status = reader.u16()
  if (status < 200 || status > 599) throw new CodecError('a sealed response has no such status')
  const time = reader.u64()
  const body = reader.prefixed(bytes.length)
  endPadded(reader, bytes)
  return { status, time, body }
}

const length = (value: string) => utf8(value).length

function text(value: string, maximum: number, name: string): Uint8Array {
  checkText(value, { kind: 'line', least: 0, most: maximum }, name)
  const bytes = utf8(value)
  if (bytes.length > maximum) throw new RangeError(`${name} must be at most ${maximum} bytes, got ${bytes.length}`)
  return bytes
}

function readText(reader: Reader, maximum: number): string {
  let read: string
  try {
    read = fromUtf8(reader.prefixed(maximum))
  } catch (error) {
    if (isCodecError(error)) throw error
    throw new CodecError('a text of a sealed request is not UTF-8')
  }
  if (isText(read, { kind: 'line', least: 0, most: maximum })) return read
  throw new CodecError('a text of a sealed request has control characters')
}

function pad(writer: Writer, written: number): Uint8Array {
  return writer.bytes(new Uint8Array((BLOCK_LENGTH - (written % BLOCK_LENGTH)) % BLOCK_LENGTH)).finish()
}

function endPadded(reader: Reader, bytes: Uint8Array): void {
  const isWhole = bytes.length % BLOCK_LENGTH === 0 && reader.remaining < BLOCK_LENGTH
  if (!isWhole || reader.bytes(reader.remaining).some((byte) => byte !== 0)) {
    throw new CodecError('a sealed message is not padded as it should be')
  }
}
