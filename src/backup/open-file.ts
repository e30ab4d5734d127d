import { MpcError, isMpcError } from '../errors.ts'
import type { BackupMethodName } from '../types.ts'
import { brand, hasBrand, isDomException } from '../util/brand.ts'
import { wipe } from '../util/bytes.ts'
import { decodeArmor, MAX_CIPHER_TEXT_LENGTH } from './armor.ts'
import { corrupt, throwIfAborted, withCode } from './failures.ts'
import { describeChoices, type BackupChoice } from './choices.ts'
import { readHeader, type BackupHeader } from './manifest.ts'
import { forward, part, type OnProgress } from './progress.ts'
import type { AgeFiles, AgeIdentity, AgeIdentityCode, BackupKeys } from './types.ts'
import { assertObject } from '../util/arguments.ts'
import { keysArguments } from './keys.ts'

/** What `openBackup` opens. */
export interface OpenOptions {
  /** The cipherText that {@link sealBackup} made. */
  readonly cipherText: string
  /** Tried in this order; the first that opens is enough. */
  readonly methods: readonly BackupKeys[]
  /** Where given, the wallet that the backup must be of: 16 bytes in hex. */
  readonly walletId?: string
  /** Receives the fraction of the work that is done, from 0 to 1. */
  readonly onProgress?: OnProgress
  /** Aborts the work. */
  readonly signal?: AbortSignal
}

/** A method's failure that leaves the next method a chance. */
class CannotOpen extends Error {}

brand(CannotOpen, 'CannotOpen')

/**
 * The methods that a cipherText was sealed for, by its own account: nothing has been authenticated yet. Whether one of
 * them is enough, {@link backupChoicesOf} says.
 *
 * @throws {BACKUP_CORRUPT} if it is damaged
 */
export function backupMethodsOf(cipherText: string): readonly BackupMethodName[] {
  return readHeader(dearmor(cipherText)).methods
}

/**
 * The ways to open a cipherText, by its own account: nothing has been authenticated yet. Any one of them opens it, such as
 * a passkey alone, or 2 of 3 guardians.
 *
 * @throws {BACKUP_CORRUPT} if it is damaged
 *
 * @example
 * for (const { needed, methods } of backupChoicesOf(cipherText)) show(`${needed} of ${methods.join(', ')}`)
 */
export function backupChoicesOf(cipherText: string): readonly BackupChoice[] {
  return readHeader(dearmor(cipherText)).choices
}

/**
 * Opens a cipherText by keys that `age` understands.
 *
 * @returns what was sealed: secret, the caller wipes it
 */
export async function openFile(age: AgeFiles, options: OpenOptions): Promise<Uint8Array> {
  const { cipherText, methods, walletId, signal } = assertObject(options, 'openBackup')
  keysArguments(methods)
  const file = dearmor(cipherText)
  const header = readHeader(file)
  const onProgress = forward(options.onProgress)
  const failures: MpcError[] = []
  for (const [i, method] of methods.entries()) {
    throwIfAborted(signal)
    const work = { onProgress: part(onProgress, i, methods.length), ...(signal && { signal }) }
    try {
      const identities = await method.identities({ ...work, ...(walletId && { walletId }), stanzas: header.stanzas })
      const plaintext = await decrypt(age, file, identities)
      try {
        throwIfAborted(signal)
        onProgress(1)
        return plaintext
      } catch (error) {
        wipe(plaintext)
        throw error
      }
    } catch (error) {
      if (leavesAChance(error)) failures.push(error)
      else if (!hasBrand(error, 'CannotOpen')) throw error
    }
  }
  throw failures[0] ?? noneFits(header, methods)
}

function leavesAChance(error: unknown): error is MpcError {
  return isMpcError(error) && !isMpcError(error, 'ABORTED', 'BACKUP_CORRUPT', 'BACKUP_OTHER_WALLET')
}

async function decrypt(age: AgeFiles, file: Uint8Array, identities: readonly AgeIdentity[]): Promise<Uint8Array> {
  const guardedIdentities = identities.map((identity) => (isCode(identity) ? guarded(identity) : identity))
  // Asked last: no other identity has opened the file.
  const nobody: AgeIdentityCode = {
    unwrapFileKey() {
      throw new CannotOpen()
    },
  }
  try {
    return await age.decrypt(file, [...guardedIdentities, nobody])
  } catch (cause) {
    if (isMpcError(cause) || hasBrand(cause, 'CannotOpen')) throw cause
    // WebCrypto's: about the key and this runtime, as far as anyone can tell.
    if (isDomException(cause)) {
      throw new MpcError('DECRYPT_FAILED', 'this runtime cannot use the key of this backup', { cause })
    }
    throw corrupt('it is not as it was sealed', cause)
  }
}

function isCode(identity: AgeIdentity): identity is AgeIdentityCode {
  return typeof identity === 'object' && 'unwrapFileKey' in identity
}

/** Whatever the code of an identity throws is about its key, not about the file. */
function guarded(identity: AgeIdentityCode): AgeIdentityCode {
  return {
    unwrapFileKey: (stanzas) =>
      withCode('DECRYPT_FAILED', 'the key of this backup could not be used', () => identity.unwrapFileKey(stanzas)),
  }
}

function noneFits({ choices }: BackupHeader, given: readonly BackupKeys[]): MpcError {
  const onlyPassword = choices.every(({ needed, methods }) => needed === 1 && methods.includes('PASSWORD'))
  if (onlyPassword && !given.some(({ name }) => name === 'PASSWORD')) {
    return new MpcError('PASSWORD_REQUIRED', 'this backup opens with its password only')
  }
  const names = given.map(({ name }) => name).join(', ') || 'nothing'
  return new MpcError(
    'DECRYPT_FAILED',
    `this backup opens with ${describeChoices(choices)}; what was given (${names}) does not fit`,
  )
}

/** @throws {BACKUP_CORRUPT} if it is not in armour */
export function dearmor(cipherText: string): Uint8Array {
  if (typeof cipherText !== 'string') throw new TypeError('cipherText must be a string')
  if (cipherText.length > MAX_CIPHER_TEXT_LENGTH) throw corrupt('it is too long')
  try {
    return decodeArmor(cipherText)
  } catch (cause) {
    throw corrupt('its armour is broken', cause)
  }
}
