import { MpcError } from '../errors.ts'
import { abytes, fromHex, toHex, wipe } from '../util/bytes.ts'
import { CodecError, isCodecError, Reader, Writer } from '../util/codec.ts'

/** What is sealed: the shares, and whose they are. */
export interface BackupRecord {
  /** 16 bytes in hex */
  readonly walletId: string
  /** The name of the share sets in it: 32 bytes in hex. */
  readonly setId: string
  /** Milliseconds since 1970, by the clock of the device that sealed it. */
  readonly createdAt: number
  /** The encoded key shares: secret. */
  readonly payload: Uint8Array
}

const VERSION = 1
const MAX_PAYLOAD_LENGTH = 1 << 18

/** `version u8 | createdAt u64 | walletId[16] | setId[32] | length u32 | payload`: secret; the caller wipes it. */
export function encodeBackupRecord(record: BackupRecord): Uint8Array {
  const { createdAt, payload } = record
  if (!Number.isSafeInteger(createdAt) || createdAt < 0)
    throw new RangeError('createdAt must be a time in milliseconds')
  if (abytes(payload, undefined, 'payload').length > MAX_PAYLOAD_LENGTH) {
    throw new RangeError(`the payload must be at most ${MAX_PAYLOAD_LENGTH} bytes`)
  }
  return new Writer()
    .u8(VERSION)
    .u32(Math.floor(createdAt / 2 ** 32))
    .u32(createdAt % 2 ** 32)
    .bytes(id(record.walletId, 16, 'walletId'))
    .bytes(id(record.setId, 32, 'setId'))
    .prefixed(payload)
    .finish()
}

/**
 * Reads a record back.
 *
 * @throws {CodecError} for anything but exactly one record
 */
export function decodeBackupRecord(bytes: Uint8Array): BackupRecord {
  const reader = new Reader(bytes)
  const version = reader.u8()
  if (version !== VERSION) throw new CodecError(`record version ${version} is not known`)
  const createdAt = reader.u32() * 2 ** 32 + reader.u32()
  if (!Number.isSafeInteger(createdAt)) throw new CodecError('the time is out of range')
  const walletId = toHex(reader.bytes(16))
  const setId = toHex(reader.bytes(32))
  const payload = reader.prefixed(MAX_PAYLOAD_LENGTH)
  try {
    reader.end()
  } catch (error) {
    wipe(payload)
    throw error
  }
  return { walletId, setId, createdAt, payload }
}

/**
 * Reads the record of an opened backup.
 *
 * @param walletId the wallet that it must be of, if known
 * @throws {BACKUP_CORRUPT} for anything but exactly one record
 * @throws {BACKUP_OTHER_WALLET} if it is the record of another wallet
 */
export function readBackupRecord(plaintext: Uint8Array, walletId?: string): BackupRecord {
  let record: BackupRecord
  try {
    record = decodeBackupRecord(plaintext)
  } catch (cause) {
    if (!isCodecError(cause)) throw cause
    throw new MpcError('BACKUP_CORRUPT', 'the backup is damaged: its record is malformed', { cause })
  }
  if (walletId === undefined || record.walletId === walletId) return record
  wipe(record.payload)
  throw new MpcError('BACKUP_OTHER_WALLET', 'this is the backup of another wallet')
}

function id(hex: string, length: number, name: string): Uint8Array {
  return abytes(fromHex(hex), length, name)
}
