import { isMpcError, MpcError } from '../../errors.ts'
import { wipe } from '../../util/bytes.ts'
import { encodeRecord, sealEntry, isRecord, wipeKeys, type SealingKey } from '../sealed/record.ts'
import type { ShareStore } from '../types.ts'
import { isMoved, makeHeader, MOVING, openHeaders, proveSecret, readHeaders } from './lock-keyring.ts'
import { readIntact, unsealedKeys, withSecret } from './lock-keyring.ts'
import { wrapKey } from './header.ts'
import { checkLock, checkStore } from './locked-store.ts'
import type { DeviceLock } from './types.ts'
import { assertObject } from '../../util/arguments.ts'

/** How often a value is sealed, or a header changed, while others change it. */
const ATTEMPTS = 16

/** Options of {@link sealStore} and {@link changeLock}. */
export interface LockChangeOptions {
  /** Ends the prompt. */
  readonly signal?: AbortSignal
}

/**
 * Moves a store that was used without a lock under one: seals its secrets where they are. Each is replaced in one write, so
 * that nothing is lost wherever it stops. Until it was called to the end, a locked store says STORAGE_UNAVAILABLE.
 *
 * An app calls it at each start, before it makes its client. It asks the user only if there is something to seal, and twice
 * at first: nothing is sealed under a secret that the lock does not give again. Once the store is sealed, a value in the open
 * stays as it is: somebody may have planted it, and the locked store takes it for damaged.
 *
 * While it runs, nothing may use the store without the lock: another tab with an older version of the app takes sealed values
 * for damaged ones.
 *
 * @param store the store itself, not the locked one
 * @returns how many values it has sealed
 * @throws {STORAGE_UNAVAILABLE | STORAGE_FULL | ABORTED} call it again: what is sealed stays sealed
 * @throws {SHARE_NOT_FOUND} if another lock has sealed a part of the store: only that one can seal the rest
 *
 * @example
 * const store = indexedDbStore('my-app')
 * await sealStore(store, lock)
 * const storage = lockedStore(store, lock)
 */
export async function sealStore(store: ShareStore, lock: DeviceLock, options: LockChangeOptions = {}): Promise<number> {
  const { signal } = assertObject(options, 'sealStore')
  checkStore(store)
  checkLock(lock, 'lock')
  const found = await unsealedKeys(store)
  if (found.length > 0) {
    if (await isMoved(store)) return 0
    await withSecret(lock, signal, async (secret) => {
      const keys = await openOrBegin(store, lock, secret, signal)
      try {
        for (const key of found) await sealValue(store, key, keys[0]!)
      } finally {
        wipeKeys(keys)
      }
    })
  }
  await store.delete(MOVING)
  return found.length
}

/** The keys to seal a store with: those of the part that is sealed, or a new one. */
async function openOrBegin(
  store: ShareStore,
  lock: DeviceLock,
  secret: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<SealingKey[]> {
  const headers = await readHeaders(store)
  if (headers.length === 0) {
    await proveSecret(lock, secret, signal)
    // Before the first header: a value that is not sealed is damaged once there is a header without this mark.
    await store.write(MOVING, new Uint8Array([1]), null).catch(ignoreConflict)
    return makeHeader(store, secret)
  }
  const keys = openHeaders(headers, secret)
  if (keys.length > 0) return keys
  throw new MpcError('SHARE_NOT_FOUND', 'another lock has sealed a part of this store: seal the rest with that one')
}

async function sealValue(store: ShareStore, key: string, sealingKey: SealingKey): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const stored = await readIntact(store, key)
    if (stored === undefined || stored === 'damaged' || isRecord(stored.value)) return
    try {
      await store.write(key, encodeRecord([sealEntry(sealingKey, key, stored.value)]), stored.version)
      return
    } catch (error) {
      if (!isMpcError(error, 'STORAGE_CONFLICT') || attempt === ATTEMPTS) throw error
    } finally {
      wipe(stored.value)
    }
  }
}

/**
 * Changes the lock of a store: from then on `to` opens what `from` has opened. Both locks are asked, `to` twice: it has to give
 * the same secret again before anything is changed. The store's own key
 * stays as it is and is sealed again, in one write: the store opens with the one or the other wherever this stops, and
 * calling it again finishes it.
 *
 * If the old lock is gone, there is nothing to change: make the store with the new one, and recover the wallets.
 *
 * @param store the store itself, not the locked one
 * @throws {SHARE_NOT_FOUND} if `from` does not open the store
 * @throws {STORAGE_UNAVAILABLE | STORAGE_FULL | ABORTED} if a prompt was refused or the store failed; call it again
 *
 * @example
 * await changeLock(store, { from: passkeyLock({ identity: old }), to: passkeyLock({ identity: next }) })
 */
export async function changeLock(
  store: ShareStore,
  locks: { readonly from: DeviceLock; readonly to: DeviceLock },
  options: LockChangeOptions = {},
): Promise<void> {
  const { signal } = assertObject(options, 'changeLock')
  checkStore(store)
  const { from, to } = locks ?? {}
  checkLock(from, 'from')
  checkLock(to, 'to')
  await withSecret(from, signal, (oldSecret) =>
    withSecret(to, signal, async (newSecret) => {
      const headers = await readHeaders(store)
      // Nothing is sealed yet.
      if (headers.length === 0) return
      const isDone = openHeaders(headers, newSecret).map(wipeKey).length > 0
      if (openHeaders(headers, oldSecret).map(wipeKey).length > 0) await proveSecret(to, newSecret, signal)
      let changed = 0
      for (const { key } of headers) changed += await rewrap(store, key, oldSecret, newSecret)
      if (changed === 0 && !isDone) throw new MpcError('SHARE_NOT_FOUND', 'this lock does not open the store')
    }),
  )
}

/** @returns 1 if the old secret opened this header, else 0 */
async function rewrap(store: ShareStore, key: string, oldSecret: Uint8Array, newSecret: Uint8Array): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const [header] = (await readHeaders(store)).filter((each) => each.key === key)
    const [opened] = header === undefined ? [] : openHeaders([header], oldSecret)
    if (header === undefined || opened === undefined) return 0
    try {
      await store.write(key, wrapKey(opened, newSecret), header.version)
      return 1
    } catch (error) {
      if (!isMpcError(error, 'STORAGE_CONFLICT') || attempt === ATTEMPTS) throw error
    } finally {
      wipe(opened.key)
    }
  }
}

function wipeKey({ key }: SealingKey): void {
  wipe(key)
}

function ignoreConflict(error: unknown): void {
  if (!isMpcError(error, 'STORAGE_CONFLICT')) throw error
}
