import { MpcError } from '../../errors.ts'
import { codeAge } from '../age-file.ts'
import type { AgeCryptoKey, AgeFiles, AgeIdentity, AgeIdentityCode, AgeRecipient, AgeRecipientCode } from '../types.ts'
import type { AgeKeyKind } from './kind.ts'
import { cryptoKeyIdentity, cryptoKeyRecipient, x25519 } from './x25519.ts'

/** Reads and writes age files for X25519 keys as text or in WebCrypto, and for keys that are code. */
export const textAge: AgeFiles = {
  encrypt: async (plaintext, recipients, signal) =>
    codeAge.encrypt(
      plaintext,
      recipients.map((recipient) => recipientCode(recipient)),
      signal,
    ),
  decrypt: async (file, identities) =>
    codeAge.decrypt(
      file,
      identities.map((identity) => openingCode(identity)),
    ),
}

/** @throws {DECRYPT_FAILED} if it is no identity: that is about the key, and says nothing about the file */
function openingCode(identity: AgeIdentity): AgeIdentityCode {
  try {
    return identityCode(identity)
  } catch (cause) {
    throw new MpcError('DECRYPT_FAILED', 'a method gave an identity that is not an age key', { cause })
  }
}

/** The kind of keys that a caller has added. @throws {TypeError} if it is none */
export function kindArgument(kind: AgeKeyKind | undefined): AgeKeyKind | undefined {
  const isKind = typeof kind === 'object' && kind !== null && typeof kind.identityPrefix === 'string'
  if (kind !== undefined && !isKind) throw new TypeError('kind must be a kind of age keys, such as hybrid')
  return kind
}

/**
 * A recipient as code.
 *
 * @throws {TypeError} if it is no recipient; the message does not repeat it
 */
export function recipientCode(recipient: AgeRecipient, kind?: AgeKeyKind): AgeRecipientCode {
  if (isObject(recipient) && 'wrapFileKey' in recipient) return recipient
  return accepted('recipient', recipient, kind, (own, text) => own.recipient(text))
}

/**
 * An identity as code.
 *
 * @throws {TypeError} if it is no identity; the message does not repeat it
 */
export function identityCode(identity: AgeIdentity, kind?: AgeKeyKind): AgeIdentityCode {
  if (isObject(identity) && 'unwrapFileKey' in identity) return identity
  if (isCryptoKey(identity)) return cryptoKeyIdentity(identity)
  return accepted('identity', identity, kind, (own, text) => own.identity(text))
}

/**
 * The recipient of an identity.
 *
 * @throws {TypeError} if the identity is code
 */
export async function recipientOf(identity: AgeIdentity, kind?: AgeKeyKind): Promise<string> {
  if (isCryptoKey(identity)) return cryptoKeyRecipient(identity)
  if (typeof identity !== 'string') throw new TypeError('an identity that is code needs its recipient beside it')
  return kindOf('identity', identity, kind).toRecipient(identity)
}

function kindOf(what: 'recipient' | 'identity', text: string, kind: AgeKeyKind | undefined): AgeKeyKind {
  const starts = ({ recipientPrefix, identityPrefix }: AgeKeyKind) =>
    text.startsWith(what === 'recipient' ? recipientPrefix : identityPrefix)
  if (kind !== undefined && starts(kind)) return kind
  if (/^(age1pq1|AGE-SECRET-KEY-PQ-1)/.test(text)) {
    throw new TypeError(`a post-quantum ${what} needs the kind hybrid of reshare/backup/post-quantum`)
  }
  if (starts(x25519)) return x25519
  throw new TypeError(`not an age ${what}`)
}

function accepted<T>(
  what: 'recipient' | 'identity',
  key: unknown,
  kind: AgeKeyKind | undefined,
  take: (kind: AgeKeyKind, text: string) => T,
): T {
  if (typeof key !== 'string') throw new TypeError(`not an age ${what}`)
  const own = kindOf(what, key, kind)
  try {
    return take(own, key)
  } catch {
    // Without the cause: its message may repeat the key.
    throw new TypeError(`not an age ${what}`)
  }
}

function isObject(key: unknown): key is object {
  return typeof key === 'object' && key !== null
}

function isCryptoKey(key: unknown): key is AgeCryptoKey {
  return isObject(key) && Object.prototype.toString.call(key) === '[object CryptoKey]'
}
