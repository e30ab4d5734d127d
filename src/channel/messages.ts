import { fromUtf8, utf8 } from '../util/bytes.ts'
import { checkText, isText } from '../util/text.ts'
import { CodecError, Reader, Writer, isCodecError } from '../util/codec.ts'

/** Where sealed requests go, and of what type they and their answers are. */
export const SEALED_PATH = '/v1/sealed'
export const SEALED_CONTENT_TYPE = 'application/vnd.reshare.sealed'

/** What is sealed is a multiple of it, so that the length tells little: most bodies are one block or two. */
export const BLOCK_LENGTH = 256

/** How far the time of a request that changes something may be from the server's own: after that it is refused. */
export const FRESH_MS = 5 * 60_000

/** The status of a sealed answer to a request whose time is too far from the server's: it may be a relay's copy. */
export const NOT_FRESH_STATUS = 425

export const PATH_MAX_LENGTH = 2048
export const AUTHORIZATION_MAX_LENGTH = 16_384
export const CONTENT_TYPE_MAX_LENGTH = 256

/** Bytes that a sealed request's plaintext has at most besides its body. */
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
  /** The header of this name; empty for none. Others are not carried: a proxy may have set them for the server. */
  readonly authorization: string
  /** Empty for none. */
  readonly contentType: string
  readonly body: Uint8Array
}

/** An answer before it is sealed. */
export interface InnerResponse {
  readonly status: number
  /** Milliseconds since 1970, by the server's clock. */
  readonly time: number
  readonly body: Uint8Array
}

/**
 * `method u8 | time u64 | path | authorization | content type | body | zeros`, each of the last four a length (u32) and its bytes, up to
 * a multiple of 256 bytes.
 *
 * @throws {RangeError} if a text is too long, or has a control character, or the time is no whole number
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

/** @throws {CodecError} for anything but exactly one such request */
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

/** `status u16 | time u64 | length u32 | body | zeros` up to a multiple of 256 bytes. */
export function encodeResponse({ status, time, body }: InnerResponse): Uint8Array {
  return pad(new Writer().u16(status).u64(time).prefixed(body), 2 + 8 + 4 + body.length)
}

/** @throws {CodecError} for anything but exactly one such answer */
export function decodeResponse(bytes: Uint8Array): InnerResponse {
  const reader = new Reader(bytes)
  const status = reader.u16()
  if (status < 200 || status > 599) throw new CodecError('a sealed answer has no such status')
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
