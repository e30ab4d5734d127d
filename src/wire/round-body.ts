import { fromUtf8, utf8 } from '../util/bytes.ts'
import { CodecError, Reader, Writer } from '../util/codec.ts'
import { ENVELOPE_MAX_LENGTH } from '../protocol/session/envelope.ts'
import { ROUND_BODY_VERSIONS, isRead } from './versions.ts'

/** An envelope of one of the sessions that an operation runs side by side. */
export interface SessionMessage {
  /** The session's index in the operation's list of sessions. */
  readonly sessionIndex: number
  readonly envelope: Uint8Array
}

/** The body of a request or response of an operation: a JSON header and protocol envelopes. */
export interface RoundBody<Header> {
  readonly header: Header
  readonly messages: readonly SessionMessage[]
}

export const ROUND_CONTENT_TYPE = 'application/vnd.reshare.round'

/** The longest header, in bytes. */
export const HEADER_MAX_LENGTH = 1 << 18

/** `version u8 | header length u32 | header (JSON) | count u8 | count × (sessionIndex u8 | length u32 | envelope)` */
export function encodeRoundBody(roundBody: RoundBody<object>): Uint8Array {
  const writer = new Writer()
    .u8(ROUND_BODY_VERSIONS.written)
    .prefixed(utf8(JSON.stringify(roundBody.header)))
    .u8(roundBody.messages.length)
  for (const { sessionIndex, envelope } of roundBody.messages) writer.u8(sessionIndex).prefixed(envelope)
  return writer.finish()
}

/**
 * Decodes a round body; its header is untyped until the receiver has validated it.
 *
 * @throws {CodecError} for anything but exactly one well-formed body
 */
export function decodeRoundBody(bytes: Uint8Array): RoundBody<unknown> {
  const reader = new Reader(bytes)
  const version = reader.u8()
  if (!isRead(version, ROUND_BODY_VERSIONS)) throw new CodecError(`round body version ${version} is not supported`)
  const header = parseJson(reader.prefixed(HEADER_MAX_LENGTH))
  const count = reader.u8()
  const messages: SessionMessage[] = []
  for (let i = 0; i < count; i++) {
    messages.push({ sessionIndex: reader.u8(), envelope: reader.prefixed(ENVELOPE_MAX_LENGTH) })
  }
  reader.end()
  return { header, messages }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes))
  } catch {
    throw new CodecError('the header of a round body is not JSON')
  }
}
