import { secretLock, type DeviceLock } from '../../../../src/storage/lock.ts'
import type { ShareStore } from '../../../../src/storage/types.ts'

/** A lock of a device, whose user is asked: the secret, or what the prompt throws. Counts the prompts. */
export function askedLock(given: Uint8Array | undefined | (() => Promise<Uint8Array | undefined>)) {
  const asked = { prompts: 0 }
  const lock = secretLock({
    getSecret: async () => {
      asked.prompts++
      return typeof given === 'function' ? given() : given?.slice()
    },
  })
  return Object.assign(asked, { lock })
}

/** A secret of 32 bytes that begins with this one. */
export const secretOf = (byte: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, i) => byte + i)

export const lockOf = (byte: number): DeviceLock => secretLock(secretOf(byte))

/** The key of a wallet's record, as the client writes it: it is not sealed. */
export const WALLET = `wallet/${'0a'.repeat(16)}`

/** The key of a mark, as the client writes it: it is not sealed. */
export const MARK = `discard/${'0b'.repeat(32)}/${'0c'.repeat(16)}`

/** What a store holds, by key. */
export async function contents(store: ShareStore): Promise<Map<string, Uint8Array>> {
  const keys = await store.list('')
  return new Map(await Promise.all(keys.map(async (key) => [key, (await store.read(key))!.value] as const)))
}

/** Changes a stored value without the store that sealed it. */
export async function replaceValue(
  store: ShareStore,
  key: string,
  change: (value: Uint8Array) => Uint8Array | void,
): Promise<void> {
  const { value, version } = (await store.read(key))!
  await store.write(key, change(value) ?? value, version)
}
