import { describe, expect, test } from 'vitest'
import { MpcError, type KeyRequest, type Signature } from '../../src/index.ts'
import { walletKeys, type KeyActions } from '../../src/client/wallet-keys.ts'

const digest = new Uint8Array(32).fill(1)
const requests: readonly KeyRequest[] = [
  { kind: 'ecdsa', digest, path: 'm/1' },
  { kind: 'taproot', message: digest },
  { kind: 'ed25519', message: digest },
]
const signature = (byte: number): Signature => {
  return { signature: new Uint8Array(64).fill(byte), publicKey: new Uint8Array(33), setId: '' }
}

/** Actions that note what they are asked. */
function actions(failure?: MpcError) {
  const asked: unknown[] = []
  const made: KeyActions<string> = {
    getPublicKey: async () => digest,
    sign: (async (_: string, options: object) => {
      asked.push(options)
      return signature(asked.length)
    }) as KeyActions<string>['sign'],
    signAll: async (_, { items, walletId, signal }) => {
      asked.push({ walletId, signal, schemes: items.map(({ scheme }) => scheme), items })
      if (failure !== undefined) throw failure
      return items.map((_, i) => signature(100 + i))
    },
  }
  return { asked, keys: walletKeys(made, 'client', 'wallet') }
}

describe('several signatures of a wallet’s keys', () => {
  test('are asked for at once', async () => {
    const { asked, keys } = actions()
    const { signal } = new AbortController()
    const made = await keys.signAll(requests, { signal })
    expect(made.map(([byte]) => byte)).toEqual([100, 101, 102])
    expect(asked).toMatchObject([{ walletId: 'wallet', signal, schemes: ['ecdsa', 'bip340', 'ed25519'] }])
    const { items } = asked[0] as { items: readonly object[] }
    expect(items[1]).toMatchObject({ message: digest, tapTweak: new Uint8Array(0) })
  })

  test('and one alone by itself', async () => {
    const { asked, keys } = actions()
    expect((await keys.signAll(requests.slice(0, 1))).map(([byte]) => byte)).toEqual([1])
    expect(asked).toMatchObject([{ walletId: 'wallet', scheme: 'ecdsa', digest, path: 'm/1' }])
  })

  test('are made one after the other where the set is poisoned, and for no other failure', async () => {
    const poisoned = actions(new MpcError('OT_POISONED', 'a test'))
    expect((await poisoned.keys.signAll(requests)).map(([byte]) => byte)).toEqual([2, 3, 4])
    const denied = actions(new MpcError('POLICY_DENIED', 'a test'))
    await expect(denied.keys.signAll(requests)).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    expect(denied.asked).toHaveLength(1)
  })

  test('leave out an intent that is too long', async () => {
    const { asked, keys } = actions()
    const intent = { kind: 'bitcoinTransaction', data: new Uint8Array(96 * 1024), input: 0 } as const
    await keys.signAll(requests.map((request) => ({ ...request, intent })))
    const { items } = asked[0] as { items: readonly { intent?: unknown }[] }
    expect(items.map(({ intent: sent }) => sent)).toEqual([undefined, undefined, undefined])
  })
})
