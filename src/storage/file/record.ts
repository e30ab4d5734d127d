import { sha256 } from '../../symmetric/sha256.ts'
import { concatBytes, equalBytes, fromUtf8, toHex, utf8 } from '../../util/bytes.ts'
import { CodecError, Reader, Writer } from '../../util/codec.ts'

/** The content of a key's file. */
export interface FileRecord {
  readonly key: string
  /** 16 random bytes in hex, different for every write. */
  readonly version: string
  /** Undefined after a delete. The file stays, so that an older version is never valid again. */
  readonly value: Uint8Array | undefined
}

const MAGIC = utf8('reshare store\n')
const FORMAT_VERSION = 1
const VERSION_LENGTH = 16
const CHECKSUM_LENGTH = 32
const MAX_KEY_BYTES = 4 * 256
const MAX_VALUE_BYTES = 2 ** 30

/**
 * Encodes a record as `magic | format u8 | version[16] | key length u32 | key | present u8 | value length u32 | value |
 * SHA-256 of all of it[32]`.
 *
 * @param version the bytes of `record.version`
 */
export function encodeRecord(record: FileRecord, version: Uint8Array): Uint8Array {
  const body = new Writer()
    .bytes(MAGIC)
    .u8(FORMAT_VERSION)
    .bytes(version)
    .prefixed(utf8(record.key))
    .u8(record.value === undefined ? 0 : 1)
    .prefixed(record.value ?? new Uint8Array(0))
    .finish()
  try {
    return concatBytes(body, sha256(body))
  } finally {
    body.fill(0)
  }
}

/**
 * Decodes a record.
 *
 * @throws {CodecError} if the file is incomplete, damaged or of another format
 */
export function decodeRecord(file: Uint8Array): FileRecord {
  const bodyLength = file.length - CHECKSUM_LENGTH
  if (bodyLength < 0) throw new CodecError('the file is too short')
  const body = file.subarray(0, bodyLength)
  if (!equalBytes(sha256(body), file.subarray(bodyLength))) throw new CodecError('the checksum does not fit')
  const reader = new Reader(body)
  if (!equalBytes(reader.bytes(MAGIC.length), MAGIC)) throw new CodecError('not a file of this store')
  const format = reader.u8()
  if (format !== FORMAT_VERSION) throw new CodecError(`format ${format} is not known`)
  const version = toHex(reader.bytes(VERSION_LENGTH))
  const key = fromUtf8(reader.prefixed(MAX_KEY_BYTES))
  const present = reader.u8()
  const value = reader.prefixed(MAX_VALUE_BYTES)
  reader.end()
  return { key, version, value: present === 1 ? value : undefined }
}
