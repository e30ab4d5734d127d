import { MpcError, isMpcError } from '../../errors.ts'
import { readToReplace } from './read-to-replace.ts'
import type { Client, Wallet } from '../types.ts'
import { decodeWalletRecord, encodeWalletRecord, isKnown, limitsOf, type WalletRecord } from './wallet-record.ts'

/** Attempts to change a wallet record while other tabs change it too. */
const CHANGE_ATTEMPTS = 16

const PREFIX = 'wallet/'

/** The key under which a wallet's record is stored. */
export const walletKey = (walletId: string) => PREFIX + walletId

/** The ids of the wallets that this device has a record of, whether or not it knows them or holds a share of them. */
export async function listWalletIds(client: Client): Promise<string[]> {
  const keys = await client.storage.list(PREFIX)
  return keys.map((key) => key.slice(PREFIX.length))
}

/**
 * Reads a wallet's record; undefined if this device does not know the wallet.
 *
 * @throws {SHARE_PARSING_FAILED} if the record is damaged
 */
export async function readWallet(client: Client, walletId: string): Promise<WalletRecord | undefined> {
  const stored = await client.storage.read(walletKey(walletId))
  return stored && ifKnown(decodeWalletRecord(stored.value, walletId))
}

/**
 * Changes a wallet's record by compare-and-set, so that no concurrent change is lost.
 *
 * @param change returns the new record; gets undefined if the device does not know the wallet
 * @param options.replaceDamaged whether to treat a damaged record as missing, as a recovery does
 * @throws {OPERATION_IN_PROGRESS} if others keep changing it
 */
export async function changeWallet(
  client: Client,
  walletId: string,
  change: (record: WalletRecord | undefined) => WalletRecord,
  { replaceDamaged = false }: { readonly replaceDamaged?: boolean } = {},
): Promise<WalletRecord> {
  const key = walletKey(walletId)
  for (let attempt = 0; attempt < CHANGE_ATTEMPTS; attempt++) {
    const stored = await (replaceDamaged ? readToReplace(client, key) : client.storage.read(key))
    const record = change(stored && readable(stored.value, walletId, replaceDamaged))
    try {
      await client.storage.write(key, encodeWalletRecord(record), stored?.version ?? null)
      return record
    } catch (error) {
      if (!isMpcError(error, 'STORAGE_CONFLICT')) throw error
    }
  }
  throw new MpcError('OPERATION_IN_PROGRESS', 'something else keeps changing this wallet on this device')
}

function readable(bytes: Uint8Array, walletId: string, replaceDamaged: boolean): WalletRecord | undefined {
  try {
    return ifKnown(decodeWalletRecord(bytes, walletId))
  } catch (error) {
    if (replaceDamaged) return undefined
    throw error
  }
}

function ifKnown(record: WalletRecord): WalletRecord | undefined {
  return isKnown(record) ? record : undefined
}

/** {@link changeWallet} for a wallet that exists. */
export async function changeKnownWallet(
  client: Client,
  walletId: string,
  change: (record: WalletRecord) => WalletRecord,
): Promise<WalletRecord> {
  return changeWallet(client, walletId, (record) => {
    if (record === undefined) throw shareNotFound()
    return change(record)
  })
}

/**
 * The wallet as its caller sees it.
 *
 * @throws {SHARE_NOT_FOUND} if no set of it can sign on this device
 */
export function toWallet(record: WalletRecord): Wallet {
  if (record.activeSetId === null) throw shareNotFound()
  const { secp256k1, ed25519 } = record.publicKeys
  return {
    id: record.walletId,
    setId: record.activeSetId,
    publicKeys: { secp256k1: secp256k1.slice(), ed25519: ed25519.slice() },
    ...limitsOf(record, record.activeSetId),
  }
}

export function shareNotFound(): MpcError {
  return new MpcError('SHARE_NOT_FOUND', 'this device holds no share of this wallet; recover it from its backup')
}
