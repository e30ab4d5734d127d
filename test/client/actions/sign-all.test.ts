import { ed25519 } from '@noble/curves/ed25519.js'
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import {
  createFrostClient,
  generateWallet,
  getPublicKey,
  preprocessSignatures,
  sign,
  signAll,
} from '../../../src/index.ts'
import type { Client, SignItemParameters, Signature } from '../../../src/index.ts'
import { memoryStore } from '../../../src/storage/memory.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import type { SignAllRequest } from '../../../src/wire/sign-items.ts'
import { seededRandom } from '../../support/random.ts'
import { stage } from '../support/devices.ts'

const message = (i: number) => utf8(`message ${i}`)
const digest = (i: number) => sha256(message(i))

/** Whether noble verifies the signature of an item by the key at its path. */
async function verifies(client: Client, walletId: string, item: SignItemParameters, made: Signature): Promise<boolean> {
  const { scheme, path = 'm' } = item
  const curve = scheme === 'ed25519' ? 'ed25519' : 'secp256k1'
  const key = await getPublicKey(client, { walletId, curve, path })
  const signed = item.message ?? item.digest
  switch (scheme) {
    case 'ed25519':
      return ed25519.verify(made.signature, signed, key)
    case 'bip340':
      return schnorr.verify(made.signature, signed, key.slice(1))
    case 'ecdsa': {
      const hashed = item.hash === undefined ? item.digest : sha256(item.message)
      return secp256k1.verify(made.signature, hashed, key, { prehash: false, lowS: true })
    }
  }
}

async function started() {
  const { server, device } = stage()
  const client = device()
  const { id: walletId } = await generateWallet(client)
  // With the first use goes the proof of the set.
  await sign(client, { walletId, scheme: 'ed25519', message: message(0) })
  const rounds = () => server.log.filter((line) => line.includes('/rounds/')).length
  const before = rounds()
  return { server, device, client, walletId, roundsTaken: () => rounds() - before }
}

const mixed: readonly SignItemParameters[] = [
  { scheme: 'ed25519', message: message(0) },
  { scheme: 'ecdsa', digest: digest(1) },
  { scheme: 'bip340', message: digest(2), path: 'm/1' },
  { scheme: 'ecdsa', message: message(3), hash: 'sha256', path: 'm/2/3' },
  { scheme: 'ed25519', message: message(4), path: 'm/7' },
  { scheme: 'ecdsa', digest: digest(1) },
]

describe('several signatures', () => {
  test('of every scheme take two requests, and come in the order of the items', async () => {
    const { client, walletId, roundsTaken } = await started()
    const fractions: number[] = []
    const onProgress = ({ fraction }: { fraction: number }) => void fractions.push(fraction)
    const made = await signAll(client, { walletId, items: mixed, onProgress })
    expect(roundsTaken()).toBe(2)
    expect(made.length).toBe(mixed.length)
    for (const [i, item] of mixed.entries()) expect(await verifies(client, walletId, item, made[i]!)).toBe(true)
    expect(made.map((one) => 'recovery' in one)).toEqual(mixed.map(({ scheme }) => scheme === 'ecdsa'))
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
    expect(fractions.at(-1)).toBe(1)
  })

  test('take one request with preprocessings for all of ECDSA, and none is used twice', async () => {
    const { client, server, walletId, roundsTaken } = await started()
    const items = mixed.slice(0, 4)
    await preprocessSignatures(client, { walletId, count: 3 })
    const before = roundsTaken()
    for (const [i, one] of (await signAll(client, { walletId, items })).entries()) {
      expect(await verifies(client, walletId, items[i]!, one)).toBe(true)
    }
    expect(roundsTaken() - before).toBe(1)
    // One is left, which is too few for two.
    await signAll(client, { walletId, items })
    expect(roundsTaken() - before).toBe(3)
    await signAll(client, { walletId, items: items.slice(1, 2) })
    expect(roundsTaken() - before).toBe(4)
    const requests = server.requests.filter((request): request is SignAllRequest => request.kind === 'signAll')
    const used = requests.map(({ preprocessings = [] }) => preprocessings)
    expect(used.map(({ length }) => length)).toEqual([2, 0, 1])
    expect(new Set(used.flat()).size).toBe(3)
  })

  test('are made by the setup if the server has dropped a preprocessing, and the others are not used again', async () => {
    const { client, server, walletId, roundsTaken } = await started()
    await preprocessSignatures(client, { walletId, count: 3 })
    const { preprocessings } = [...server.sets.values()][0]!
    const [lost] = preprocessings.keys()
    preprocessings.delete(lost!)
    const before = roundsTaken()
    const items = mixed.slice(1, 4)
    expect((await signAll(client, { walletId, items })).length).toBe(3)
    expect(roundsTaken() - before).toBe(3)
    await signAll(client, { walletId, items: items.slice(0, 1) })
    expect(roundsTaken() - before).toBe(5)
  })

  test('of FROST alone take one request, also of a client that has nothing else', async () => {
    const { server } = stage()
    const client = createFrostClient({ transport: server, storage: memoryStore(), random: seededRandom() })
    const { id: walletId } = await generateWallet(client)
    await sign(client, { walletId, scheme: 'ed25519', message: message(0) })
    const items = mixed.filter(({ scheme }) => scheme !== 'ecdsa')
    const before = server.log.length
    const made = await signAll(client, { walletId, items })
    for (const [i, item] of items.entries()) expect(await verifies(client, walletId, item, made[i]!)).toBe(true)
    expect(server.log.slice(before).filter((line) => line.includes('/rounds/')).length).toBe(1)
    const code = { code: 'ECDSA_UNAVAILABLE' }
    await expect(signAll(client, { walletId, items: mixed })).rejects.toMatchObject(code)
  })

  test('name what they are of once', async () => {
    const { client, server, walletId } = await started()
    const data = new Uint8Array(1000).fill(1)
    const bitcoin = (input: number) => ({ kind: 'bitcoinTransaction', data, input }) as const
    const items: SignItemParameters[] = [
      { scheme: 'bip340', message: digest(0), intent: bitcoin(4) },
      { scheme: 'ecdsa', digest: digest(1), intent: bitcoin(300) },
      { scheme: 'ecdsa', digest: digest(2), intent: { kind: 'ethereumMessage', data } },
      { scheme: 'ecdsa', digest: digest(3) },
    ]
    await signAll(client, { walletId, items })
    const request = server.requests.find((one): one is SignAllRequest => one.kind === 'signAll')!
    expect(request.intents!.length).toBe(2)
    expect(request.items.map(({ intent, input }) => [intent, input])).toEqual([
      [0, 300],
      [1, undefined],
      [undefined, undefined],
      [0, 4],
    ])
  })

  test('are refused before anything is sent if they are none, too many, too long, or one is wrong', async () => {
    const { client, server, walletId } = await started()
    const item = { scheme: 'ecdsa', digest: digest(1) } as const
    const before = server.log.length
    const long = { scheme: 'ed25519', message: new Uint8Array(64 * 1024) } as const
    for (const items of [[], new Array(65).fill(item), [long, long]]) {
      await expect(signAll(client, { walletId, items })).rejects.toThrow(RangeError)
    }
    for (const items of [item, [null], [item, { scheme: 'ecdsa' }], [{ ...item, scheme: 'rsa' }], undefined]) {
      await expect(signAll(client, { walletId, items: items as never })).rejects.toThrow(TypeError)
    }
    expect(server.log.length).toBe(before)
  })
})
