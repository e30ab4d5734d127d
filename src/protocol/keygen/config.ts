import type { Group } from '../../curve/group.ts'
import { CURVE_CODES, nameOfCode, PURPOSE_CODES, ROLE_CODES } from '../../share/codes.ts'
import { partyId, type Purpose } from '../../types.ts'
import { abytes } from '../../util/bytes.ts'
import { CodecError, type Reader, type Writer } from '../../util/codec.ts'
import { assertAscendingIds, assertThreshold } from '../options.ts'
import type { KeygenOptions, NewParty } from './types.ts'

/** What the parties of a key generation agree on, checked. */
export interface KeygenConfig {
  readonly walletId: Uint8Array
  readonly purpose: Purpose
  readonly threshold: number
  readonly parties: readonly NewParty[]
  /** This party's participant number. */
  readonly self: number
}

/**
 * @throws {TypeError | RangeError} for a wallet id that is not 16 bytes, ids that do not ascend within 1..255, a
 *   threshold outside 2..n, an unknown purpose or role, or a `self` that is not among the parties
 */
export function checkKeygenOptions(options: KeygenOptions): KeygenConfig {
  const { walletId, purpose, threshold, parties, self } = options
  if (!Object.hasOwn(PURPOSE_CODES, purpose)) throw new TypeError(`unknown purpose ${purpose}`)
  assertAscendingIds(parties.map(({ id }) => id))
  for (const { role } of parties) if (!Object.hasOwn(ROLE_CODES, role)) throw new TypeError(`unknown role ${role}`)
  assertThreshold(threshold, parties.length)
  const place = parties.findIndex(({ id }) => id === self)
  if (place < 0) throw new RangeError(`party ${self} is not among the parties`)
  return {
    walletId: abytes(walletId, 16, 'walletId').slice(),
    purpose,
    threshold,
    parties: parties.map(({ id, role }) => ({ id, role })),
    self: place + 1,
  }
}

/** `curve u8 | walletId[16] | purpose u8 | t u8 | self u8 | n u8 | n × (id u8 | role u8)` */
export function writeKeygenConfig(group: Group, writer: Writer, config: KeygenConfig): void {
  writer
    .u8(CURVE_CODES[group.curve])
    .bytes(config.walletId)
    .u8(PURPOSE_CODES[config.purpose])
    .u8(config.threshold)
    .u8(config.self)
    .u8(config.parties.length)
  for (const { id, role } of config.parties) writer.u8(id).u8(ROLE_CODES[role])
}

/** @throws {CodecError} for anything but what {@link writeKeygenConfig} wrote on this curve */
export function readKeygenConfig(group: Group, reader: Reader): KeygenConfig {
  if (reader.u8() !== CURVE_CODES[group.curve]) throw new CodecError('session state of another curve')
  const walletId = reader.bytes(16)
  const purpose = nameOfCode(PURPOSE_CODES, reader.u8())
  const threshold = reader.u8()
  const self = reader.u8()
  const count = reader.u8()
  const parties: NewParty[] = []
  for (let i = 0; i < count; i++) parties.push(readNewParty(reader))
  if (self < 1 || self > count || threshold < 2 || threshold > count) throw new CodecError('inconsistent session state')
  return { walletId, purpose, threshold, parties, self }
}

export function readNewParty(reader: Reader): NewParty {
  const id = reader.u8()
  if (id === 0) throw new CodecError('party ids count from 1')
  return { id: partyId(id), role: nameOfCode(ROLE_CODES, reader.u8()) }
}
