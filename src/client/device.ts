import { setParties } from '../api/slots.ts'
import { MpcError } from '../errors.ts'
import { decodeWalletShares, encodeWalletShares, wipeKeyShare } from '../share/index.ts'
import type { KeyShare, WalletShares } from '../share/types.ts'
import { CURVES, type Curve, type Purpose } from '../types.ts'
import { equalBytes, toHex, wipe } from '../util/bytes.ts'
import type { Client, PublicKeys, Wallet } from './types.ts'
import { decodeWalletRecord, encodeWalletRecord, withoutSets, withRetired, type WalletRecord } from './wallet-record.ts'

/** Attempts to change a wallet record against other tabs that change it too. */
const CHANGE_ATTEMPTS = 16

const shareKey = (setId: string) => `share/${setId}`
const WALLET_PREFIX = 'wallet/'
const walletKey = (walletId: string) => WALLET_PREFIX + walletId

/** The ids of the wallets that this device knows, whether or not it still holds a share of them. */
export async function listWalletIds(client: Client): Promise<string[]> {
  const keys = await client.storage.list(WALLET_PREFIX)
  return keys.map((key) => key.slice(WALLET_PREFIX.length))
}

/**
 * What this device knows of a wallet, or undefined.
 *
 * @throws {SHARE_PARSING_FAILED} if the record is damaged
 */
export async function readWallet(client: Client, walletId: string): Promise<WalletRecord | undefined> {
  const stored = await client.storage.read(walletKey(walletId))
  return stored && decodeWalletRecord(stored.value, walletId)
}

/**
 * Changes a wallet's record by compare-and-set: whoever else changes it at the same time, no change is lost.
 *
 * @param change the new record; given undefined if there is none yet
 * @param options.replaceDamaged whether a record that cannot be read counts as none: a recovery starts it anew
 * @throws {OPERATION_IN_PROGRESS} if others keep changing it
 */
export async function changeWallet(
  client: Client,
  walletId: string,
  change: (record: WalletRecord | undefined) => WalletRecord,
  options: { readonly replaceDamaged?: boolean } = {},
): Promise<WalletRecord> {
  for (let attempt = 0; attempt < CHANGE_ATTEMPTS; attempt++) {
    const stored = await client.storage.read(walletKey(walletId))
    const record = change(stored && readable(stored.value, walletId, options.replaceDamaged ?? false))
    try {
      await client.storage.write(walletKey(walletId), encodeWalletRecord(record), stored?.version ?? null)
      return record
    } catch (error) {
      if (!(error instanceof MpcError && error.code === 'STORAGE_CONFLICT')) throw error
    }
  }
  throw new MpcError('OPERATION_IN_PROGRESS', 'something else keeps changing this wallet on this device')
}

function readable(bytes: Uint8Array, walletId: string, replaceDamaged: boolean): WalletRecord | undefined {
  try {
    return decodeWalletRecord(bytes, walletId)
  } catch (error) {
    if (replaceDamaged) return undefined
    throw error
  }
}

/** As {@link changeWallet}, for a wallet that is there. */
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
 * Stores shares durably and reads them back; a share is never overwritten.
 *
 * @throws {STORAGE_UNAVAILABLE} if the store gives back something else
 */
export async function storeShares(client: Client, shares: WalletShares): Promise<void> {
  const key = shareKey(toHex(shares.setId))
  const bytes = encodeWalletShares(client.group, shares)
  let readBack: Uint8Array | undefined
  try {
    await client.storage.write(key, bytes, null)
    readBack = (await client.storage.read(key))?.value
    if (readBack === undefined || !equalBytes(readBack, bytes)) {
      throw new MpcError('STORAGE_UNAVAILABLE', 'the store did not give back the share that was written')
    }
    wipeShares(decodeWalletShares(client.group, readBack))
  } finally {
    wipe(bytes, readBack)
  }
}

/**
 * Loads and validates the shares of one of the wallet's sets: every s·G = Y, Σ λY = the wallet's public key.
 *
 * @throws {SHARE_NOT_FOUND} if this device holds none
 * @throws {SHARE_PARSING_FAILED} if what it holds is no valid share
 * @throws {SET_MISMATCH} if it is the share of another wallet or set
 */
export async function loadShares(client: Client, record: WalletRecord, setId: string): Promise<WalletShares> {
  const stored = await client.storage.read(shareKey(setId))
  if (stored === undefined) throw shareNotFound()
  let shares: WalletShares
  try {
    shares = decodeWalletShares(client.group, stored.value)
  } finally {
    wipe(stored.value)
  }
  const ids = toHex(shares.setId) === setId && toHex(shares.walletId) === record.walletId
  if (ids && isClientOf(shares, 'signing') && equalKeys(publicKeys(client, shares), record.publicKeys)) return shares
  wipeShares(shares)
  throw new MpcError('SET_MISMATCH', 'this device stores the share of another wallet or set under this id')
}

/** Whether these are the client's shares of a set for this purpose, on every curve. */
export function isClientOf(shares: WalletShares, purpose: Purpose): boolean {
  const curves = shares.shares.map((share) => share.record.curve)
  const [client] = setParties(purpose)
  return (
    shares.purpose === purpose &&
    curves.length === CURVES.length &&
    curves.every((curve, index) => curve === CURVES[index]) &&
    shares.shares.every((share) => share.id === client!.id)
  )
}

/** Takes sets out of use, deletes their shares, then forgets them; may be cut off and done again at any point. */
export async function discardSets(client: Client, walletId: string, setIds: readonly string[]): Promise<WalletRecord> {
  await changeKnownWallet(client, walletId, (record) => withRetired(record, setIds))
  for (const setId of setIds) await client.storage.delete(shareKey(setId))
  return changeKnownWallet(client, walletId, (record) => withoutSets(record, setIds))
}

/** Undoes the preparation of a set, however far it went. */
export async function discardPrepared(client: Client, walletId: string, setId: string): Promise<void> {
  await client.storage.delete(shareKey(setId))
  if ((await readWallet(client, walletId)) === undefined) return
  await changeKnownWallet(client, walletId, (record) => withoutSets(record, [setId]))
}

/** Forgets a wallet that never came to be. */
export async function forgetWallet(client: Client, walletId: string, setId: string): Promise<void> {
  await client.storage.delete(shareKey(setId))
  await client.storage.delete(walletKey(walletId))
}

/** The share on a curve. */
export function shareOn(shares: WalletShares, curve: Curve): KeyShare {
  return shares.shares[CURVES.indexOf(curve)]!
}

/** The public keys that shares are of. */
export function publicKeys(client: Client, shares: WalletShares): PublicKeys {
  const key = (curve: Curve) => client.group(curve).encodePoint(shareOn(shares, curve).record.publicKey)
  return { secp256k1: key('secp256k1'), ed25519: key('ed25519') }
}

export function equalKeys(a: PublicKeys, b: PublicKeys): boolean {
  return CURVES.every((curve) => equalBytes(a[curve], b[curve]))
}

export function wipeShares(shares: WalletShares): void {
  for (const share of shares.shares) wipeKeyShare(share)
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
  }
}

export function shareNotFound(): MpcError {
  return new MpcError('SHARE_NOT_FOUND', 'this device holds no share of this wallet; recover it from its backup')
}
