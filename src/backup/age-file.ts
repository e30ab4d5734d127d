import { hkdf } from '../symmetric/hkdf.ts'
import { hmacSha256 } from '../symmetric/hmac.ts'
import { chacha20poly1305 } from '../symmetric/chacha20-poly1305.ts'
import { MpcError } from '../errors.ts'
import { concatBytes, equalBytes, isBytes, utf8, wipe } from '../util/bytes.ts'
import { systemRandom } from '../util/random.ts'
import { throwIfAborted } from './failures.ts'
import { decodeArgument, encodeArgument } from './stanza.ts'
import type { AgeFiles, AgeIdentity, AgeRecipient, AgeRecipientCode, AgeStanza } from './types.ts'

// age files (C2SP age v1) for keys that are code, of any size, in memory. For keys as text, which bring a curve with them,
// there is age-keys/text-age.ts.

const VERSION_LINE = 'age-encryption.org/v1\n'
const FILE_KEY_LENGTH = 16
const NONCE_LENGTH = 16
const MAC_LENGTH = 32
const CHUNK = 64 * 1024
const TAG = 16
/** Bytes of a stanza's body in one line. */
const LINE = 48
const MAX_HEADER_LENGTH = 1 << 16

/** Reads and writes age files whose keys are all code. */
export const codeAge: AgeFiles = {
  async encrypt(plaintext, recipients, signal) {
    throwIfAborted(signal)
    const fileKey = systemRandom(FILE_KEY_LENGTH)
    try {
      const stanzas: AgeStanza[] = []
      for (const recipient of recipients) stanzas.push(...(await wrap(wrapping(recipient), fileKey)))
      const header = encodeHeader(stanzas)
      const mac = utf8(` ${encodeArgument(macOf(fileKey, header))}\n`)
      const nonce = systemRandom(NONCE_LENGTH)
      return concatBytes(header, mac, nonce, ...payload(fileKey, nonce, plaintext, 'encrypt'))
    } finally {
      wipe(fileKey)
    }
  },

  async decrypt(file, identities) {
    const { stanzas, header, mac, nonce, sealed } = parseFile(file)
    const fileKey = await unwrap(identities, stanzas)
    try {
      if (!equalBytes(macOf(fileKey, header), mac)) throw new Error('the MAC of the header does not fit')
      const chunks = payload(fileKey, nonce, sealed, 'decrypt')
      try {
        return concatBytes(...chunks)
      } finally {
        wipe(...chunks)
      }
    } finally {
      wipe(fileKey)
    }
  },
}

/**
 * The stanzas of an age file.
 *
 * @throws {Error} if it is none
 */
export function readStanzas(file: Uint8Array): readonly AgeStanza[] {
  return parseFile(file).stanzas
}

function wrapping(recipient: AgeRecipient): AgeRecipientCode {
  if (typeof recipient === 'object') return recipient
  throw new TypeError('this method seals with recipients that are code')
}

/** Gives each recipient a copy of its own: one that wiped or changed the key would have the file sealed under what is left. */
async function wrap(recipient: AgeRecipientCode, fileKey: Uint8Array): Promise<readonly AgeStanza[]> {
  const copy = new Uint8Array(fileKey)
  try {
    return await recipient.wrapFileKey(copy)
  } finally {
    wipe(copy)
  }
}

async function unwrap(identities: readonly AgeIdentity[], stanzas: AgeStanza[]): Promise<Uint8Array> {
  for (const identity of identities) {
    if (!(typeof identity === 'object' && 'unwrapFileKey' in identity)) {
      throw new TypeError('this method opens with identities that are code')
    }
    const fileKey = await identity.unwrapFileKey(stanzas)
    if (fileKey === null) continue
    if (isBytes(fileKey) && fileKey.length === FILE_KEY_LENGTH) return fileKey
    if (isBytes(fileKey)) wipe(fileKey)
    // That is about the key: another one may open the file.
    throw new MpcError('DECRYPT_FAILED', `an identity gave a file key that is not ${FILE_KEY_LENGTH} bytes`)
  }
  throw new Error('no identity opens the file')
}

/** The MAC over the header up to and with its `---`. */
function macOf(fileKey: Uint8Array, header: Uint8Array): Uint8Array {
  const key = hkdf(fileKey, undefined, utf8('header'), 32)
  try {
    return hmacSha256(key, header)
  } finally {
    wipe(key)
  }
}

function encodeHeader(stanzas: readonly AgeStanza[]): Uint8Array {
  let text = VERSION_LINE
  for (const { args, body } of stanzas) {
    if (args.length === 0 || !args.every((arg) => /^[!-~]+$/.test(arg))) throw new TypeError('not an age stanza')
    text += `-> ${args.join(' ')}\n`
    // The last line is a short one, which may be empty.
    for (let at = 0; at <= body.length; at += LINE) text += `${encodeArgument(body.subarray(at, at + LINE))}\n`
  }
  return utf8(`${text}---`)
}

/**
 * Takes an age file apart.
 *
 * @throws {Error} if it is none
 */
function parseFile(file: Uint8Array) {
  const lines = new LineReader(file)
  if (`${lines.next()}\n` !== VERSION_LINE) throw new Error('not an age file of version 1')
  const stanzas: AgeStanza[] = []
  let line = lines.next()
  for (; line.startsWith('-> '); line = lines.next()) {
    const args = line.slice(3).split(' ')
    if (!args.every((arg) => /^[!-~]+$/.test(arg))) throw new Error('a stanza has an argument that is none')
    stanzas.push({ args, body: readBody(lines) })
  }
  if (!line.startsWith('--- ')) throw new Error('the header has no end')
  const mac = decodeArgument(line.slice(4))
  if (mac.length !== MAC_LENGTH) throw new Error('the MAC of the header is not 32 bytes')
  const header = file.subarray(0, lines.at - 1 - line.length + 3)
  const nonce = file.subarray(lines.at, lines.at + NONCE_LENGTH)
  const sealed = file.subarray(lines.at + NONCE_LENGTH)
  if (sealed.length < TAG) throw new Error('the file ends early')
  return { stanzas, header, mac, nonce, sealed }
}

function readBody(lines: LineReader): Uint8Array {
  const parts: Uint8Array[] = []
  for (;;) {
    const part = decodeArgument(lines.next())
    if (part.length > LINE) throw new Error('a line of a stanza is too long')
    parts.push(part)
    if (part.length < LINE) return concatBytes(...parts)
  }
}

/** Reads the lines of a header, each of which ends in a line feed. */
class LineReader {
  at = 0
  private readonly file: Uint8Array

  constructor(file: Uint8Array) {
    this.file = file
  }

  next(): string {
    const end = this.file.subarray(0, MAX_HEADER_LENGTH).indexOf(10, this.at)
    if (end < 0) throw new Error('the header has no end')
    let line = ''
    for (const byte of this.file.subarray(this.at, end)) line += String.fromCharCode(byte)
    this.at = end + 1
    return line
  }
}

/** STREAM: chunks of 64 KiB, each with a counter and whether it is the last one as its nonce. */
function payload(fileKey: Uint8Array, nonce: Uint8Array, bytes: Uint8Array, way: 'encrypt' | 'decrypt'): Uint8Array[] {
  const size = way === 'encrypt' ? CHUNK : CHUNK + TAG
  const key = hkdf(fileKey, nonce, utf8('payload'), 32)
  const chunks: Uint8Array[] = []
  try {
    const count = Math.max(1, Math.ceil(bytes.length / size))
    for (let i = 0; i < count; i++) {
      const counter = new Uint8Array(12)
      new DataView(counter.buffer).setUint32(7, i)
      if (i === count - 1) counter[11] = 1
      const chunk = chacha20poly1305(key, counter)[way](bytes.subarray(i * size, (i + 1) * size))
      chunks.push(chunk)
    }
    if (count > 1 && chunks.at(-1)?.length === 0) throw new Error('the last chunk is empty')
    return chunks
  } catch (error) {
    wipe(...chunks)
    throw error
  } finally {
    wipe(key)
  }
}
