import { CodecError, Reader, Writer } from '../../util/codec.ts'
import { type ProtocolName, PROTOCOLS, type Suite, SUITES } from '../transcript/tags.ts'

/** A protocol message with its header. */
export interface Envelope {
  /** The protocol that the message belongs to. */
  readonly protocol: ProtocolName
  /** The curve or signature suite. */
  readonly suite: Suite
  /** From 1. */
  readonly round: number
  /** The sender's participant number: its position in the session's list of participants, from 1. */
  readonly from: number
  /** The recipient's participant number, or 0 for all participants. */
  readonly to: number
  /** The session id, 32 bytes. In round 1, before there is one, the hash of the context. */
  readonly sid: Uint8Array
  /** The message itself, as the protocol defines it. */
  readonly body: Uint8Array
}

/** The longest envelope that is read: 2^20 bytes. */
export const ENVELOPE_MAX_LENGTH = 1 << 20

const VERSION = 1
const HEADER_LENGTH = 42
const SID_LENGTH = 32

/**
 * Encodes an envelope as
 * `version u8 | protocol u8 | suite u8 | round u8 | from u8 | to u8 | sid[32] | length u32 | body`.
 *
 * @throws {RangeError} if `sid` is not 32 bytes or the envelope would exceed {@link ENVELOPE_MAX_LENGTH}
 */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  const { protocol, suite, round, from, to, sid, body } = envelope
  if (sid.length !== SID_LENGTH) throw new RangeError(`sid must be 32 bytes, got ${sid.length}`)
  if (body.length > ENVELOPE_MAX_LENGTH - HEADER_LENGTH)
    throw new RangeError(`body of ${body.length} bytes is too long`)
  return new Writer()
    .u8(VERSION)
    .u8(PROTOCOLS[protocol])
    .u8(SUITES[suite])
    .u8(round)
    .u8(from)
    .u8(to)
    .bytes(sid)
    .prefixed(body)
    .finish()
}

/**
 * Decodes one envelope. Whether it belongs to a session is checked by the session's `receive`.
 *
 * @throws {TypeError} if `bytes` is not a `Uint8Array`
 * @throws {CodecError} for anything but exactly one well-formed envelope of this version
 */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  return { ...decodeEnvelopeHeader(bytes), body: new Uint8Array(bytes.subarray(HEADER_LENGTH)) }
}

/** {@link decodeEnvelope} that makes no copy of the body, which may be secret. */
export function decodeEnvelopeHeader(bytes: Uint8Array): Omit<Envelope, 'body'> {
  const reader = new Reader(bytes)
  if (reader.remaining > ENVELOPE_MAX_LENGTH) throw new CodecError(`envelope of ${reader.remaining} bytes is too long`)
  const version = reader.u8()
  if (version !== VERSION) throw new CodecError(`envelope version ${version} is not supported`)
  const protocol = nameOf(PROTOCOLS, reader.u8())
  const suite = nameOf(SUITES, reader.u8())
  const round = reader.u8()
  const from = reader.u8()
  const to = reader.u8()
  if (round === 0 || from === 0) throw new CodecError('round and sender count from 1')
  const sid = reader.bytes(SID_LENGTH)
  const length = reader.u32()
  if (length !== reader.remaining) throw new CodecError(`a body of ${length} bytes, ${reader.remaining} left`)
  return { protocol, suite, round, from, to, sid }
}

function nameOf<Name extends string>(table: Readonly<Record<Name, number>>, byte: number): Name {
  for (const name of Object.keys(table) as Name[]) if (table[name] === byte) return name
  throw new CodecError(`unknown protocol or suite ${byte}`)
}
