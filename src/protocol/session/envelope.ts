import { CodecError, Reader, Writer } from '../../util/codec.ts'
import { type ProtocolName, PROTOCOLS, type Suite, SUITES } from '../transcript/tags.ts'

/** One message of a protocol and the header that says where it belongs. */
export interface Envelope {
  readonly protocol: ProtocolName
  readonly suite: Suite
  /** from 1 */
  readonly round: number
  /** Participant number: position + 1 in the list that the session agreed on. */
  readonly from: number
  /** Participant number, or 0 for everybody. */
  readonly to: number
  /** 32 bytes; the hash of the context in round 1, before a session id exists. */
  readonly sid: Uint8Array
  readonly body: Uint8Array
}

/** The longest envelope that is read, in bytes. */
export const ENVELOPE_MAX_LENGTH = 1 << 20

const VERSION = 1
const HEADER_LENGTH = 42
const SID_LENGTH = 32

/** `version u8 | protocol u8 | suite u8 | round u8 | from u8 | to u8 | sid[32] | length u32 | body` */
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
 * Reads one envelope; says nothing about whom it is for.
 *
 * @throws {TypeError} for what is no bytes
 * @throws {CodecError} for anything but exactly one well-formed envelope of this version
 */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
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
  const body = reader.prefixed(ENVELOPE_MAX_LENGTH)
  reader.end()
  return { protocol, suite, round, from, to, sid, body }
}

function nameOf<Name extends string>(table: Readonly<Record<Name, number>>, byte: number): Name {
  for (const name of Object.keys(table) as Name[]) if (table[name] === byte) return name
  throw new CodecError(`unknown protocol or suite ${byte}`)
}
