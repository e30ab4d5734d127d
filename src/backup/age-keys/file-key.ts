import { chacha20poly1305 } from '../../symmetric/chacha20-poly1305.ts'
import { corrupt } from '../failures.ts'
import { decodeArgument } from '../stanza.ts'
import type { AgeStanza } from '../types.ts'

/** Length in bytes of a file key in the body of a stanza, with its tag. */
export const WRAPPED_FILE_KEY_LENGTH = 32
const NONCE_LENGTH = 12

/** Wraps a file key with ChaCha20-Poly1305 and a nonce of zeros, since each key wraps once (C2SP age v1). */
export function wrapFileKey(
  key: Uint8Array,
  fileKey: Uint8Array,
  nonce: Uint8Array = new Uint8Array(NONCE_LENGTH),
): Uint8Array {
  return chacha20poly1305(key, nonce).encrypt(fileKey)
}

/** The file key in the body of a stanza, or undefined if this is not its key. */
export function unwrapFileKey(
  key: Uint8Array,
  body: Uint8Array,
  nonce: Uint8Array = new Uint8Array(NONCE_LENGTH),
): Uint8Array | undefined {
  try {
    return chacha20poly1305(key, nonce).decrypt(body)
  } catch {
    return undefined
  }
}

/**
 * The only argument of a stanza behind its type, as bytes.
 *
 * @throws {BACKUP_CORRUPT} unless it is of this length, and the body that of a wrapped file key: a longer body could be made
 *   to open under several keys at once
 */
export function onlyArgument({ args, body }: AgeStanza, length: number): Uint8Array {
  const [type, text, ...more] = args
  if (text === undefined || more.length > 0 || body.length !== WRAPPED_FILE_KEY_LENGTH) throw malformed(type)
  const bytes = decoded(text)
  if (bytes?.length !== length) throw malformed(type)
  return bytes
}

function decoded(text: string): Uint8Array | undefined {
  try {
    return decodeArgument(text)
  } catch {
    return undefined
  }
}

function malformed(type: string | undefined) {
  return corrupt(`its stanza ${type} is malformed`)
}

/**
 * The first file key that `open` gives for a stanza of this type, or null.
 *
 * @throws {unknown} what `open` throws, which ends the opening of the file
 */
export async function firstFileKey(
  type: string,
  stanzas: readonly AgeStanza[],
  open: (stanza: AgeStanza) => Uint8Array | undefined | Promise<Uint8Array | undefined>,
): Promise<Uint8Array | null> {
  for (const stanza of stanzas.filter(({ args }) => args[0] === type)) {
    const fileKey = await open(stanza)
    if (fileKey !== undefined) return fileKey
  }
  return null
}
