import type { BackupKeyOptions, BackupMethod, BackupOpenOptions } from '../../backup/types.ts'
import { MpcError } from '../../errors.ts'
import { decodeBackup, encodeBackup } from '../../key-share/index.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { BACKUP_METHODS } from '../../types.ts'
import { assertMethods, oneOf } from '../arguments.ts'
import type { Deadline } from '../deadline.ts'
import type { Call } from '../types.ts'
import { abytes, isBytes, wipe } from '../../util/bytes.ts'

/**
 * How long one call of a backup method may take. It does not count towards the action's timeout: deriving a key from a
 * password takes more than a minute in an engine without a JIT compiler, and a user may take as long for a passkey.
 */
const METHOD_MS = 5 * 60_000

/**
 * Asserts a backup method.
 *
 * @throws {TypeError} if it is not one
 */
export function assertBackupMethod(value: BackupMethod, name: string): BackupMethod {
  assertMethods(value, ['probe', 'seal', 'open'], name)
  oneOf(value.name, BACKUP_METHODS, `${name}.name`)
  return value
}

export function probeMethod(deadline: Deadline, method: BackupMethod): Promise<void> {
  return deadline.apart(METHOD_MS, () => method.probe({ signal: deadline.signal }))
}

/**
 * Seals shares by a method.
 *
 * @throws {MpcError} what the method throws
 */
export async function sealBy(
  { client, deadline }: Call,
  method: BackupMethod,
  shares: WalletShares,
  options: BackupKeyOptions,
): Promise<string> {
  const plaintext = encodeBackup(client.group, shares, client.now())
  const sealing = async () => {
    try {
      return await method.seal(plaintext, options)
    } finally {
      // Not before: a method that does not end with the action would seal zeros.
      wipe(plaintext)
    }
  }
  return deadline.apart(METHOD_MS, sealing)
}

/**
 * Opens a cipherText by a method, and validates every share in it. The caller wipes them.
 *
 * @param options.walletId the wallet that it must be of, if known
 * @throws {BACKUP_CORRUPT} if it holds anything but valid shares
 * @throws {BACKUP_OTHER_WALLET} if it is the backup of another wallet
 * @throws {MpcError} what the method throws
 */
export async function openBy(
  { client, deadline }: Call,
  method: BackupMethod,
  cipherText: string,
  options: BackupOpenOptions,
): Promise<WalletShares> {
  const opening = async () => {
    const opened: unknown = await method.open(cipherText, options)
    // Nobody takes what is opened after the action has ended.
    if (deadline.signal.aborted && isBytes(opened)) wipe(opened)
    return opened
  }
  const opened = await deadline.apart(METHOD_MS, opening)
  const plaintext = openedBytes(opened)
  try {
    return decodeBackup(client.group, plaintext, options.walletId)
  } finally {
    wipe(plaintext, opened as Uint8Array)
  }
}

/** @returns the bytes themselves, or a copy of bytes in shared or resizable memory */
function openedBytes(opened: unknown): Uint8Array {
  try {
    return abytes(opened, undefined, 'an opened backup')
  } catch (cause) {
    throw new MpcError('BACKUP_CORRUPT', 'the backup method opened no bytes', { cause })
  }
}

/**
 * The method of the backup that replaces the one which `method` opens; undefined for none.
 *
 * @throws {TypeError} if it is none, or if it would be one of `someOf` that nobody has named
 */
export function rotationMethod(rotateBackup: boolean | BackupMethod, method: BackupMethod): BackupMethod | undefined {
  if (rotateBackup === true && method.sharesKey === true) {
    throw new TypeError(
      'name in rotateBackup how many of which methods open the new backup: this one has those at hand',
    )
  }
  if (typeof rotateBackup === 'boolean') return rotateBackup ? method : undefined
  return assertBackupMethod(rotateBackup, 'rotateBackup')
}
