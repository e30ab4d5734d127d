import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test, vi } from 'vitest'
import { createPreprocessingPool } from '../../../src/client/ecdsa/preprocessing-pool.ts'
import {
  createClient,
  MpcError,
  preprocessSignatures,
  sign,
  type Client,
  type PoolOptions,
} from '../../../src/index.ts'
import type { Preprocessed } from '../../../src/protocol/ecdsa/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import type { Stage } from '../support/devices.ts'
import { signsEcdsa } from '../support/signs-ecdsa.ts'
import { sources, preprocessed, withWallet } from '../support/stored-wallet.ts'

const digest = sha256(utf8('hello'))

describe('a pool', () => {
  const settled = (done: () => boolean) => vi.waitUntil(done, { interval: 1, timeout: 30_000 })
  const poolOf = ({ ecdsa }: Client) => ecdsa!.pool
  const idle = (client: Client) => settled(() => poolOf(client).filling.size === 0)

  async function withPool(pool: PoolOptions | undefined, options: Parameters<Stage['device']>[1] = {}) {
    const { device, storage, ...rest } = await withWallet()
    const phone = device('phone', { storage, ...options, pool: pool as PoolOptions })
    return { ...rest, device, storage, phone }
  }

  test('is filled after the first signature, by one run at a time, and again after each', async () => {
    const { server, phone, walletId, setId } = await withPool({ size: 3 })
    await signsEcdsa(phone, { walletId })
    expect(poolOf(phone).filling.size).toBe(1)
    await idle(phone)
    expect([poolOf(phone).count(setId), server.sets.get(setId)!.preprocessings.size]).toEqual([3, 3])
    for (let i = 0; i < 2; i++) await signsEcdsa(phone, { walletId, path: `m/${i}` })
    await idle(phone)
    expect(poolOf(phone).count(setId)).toBe(3)
    expect(sources(server)).toEqual(['setup', 'preprocessing', 'preprocessing'])
    expect(preprocessed(server)).toBe(5)
  })

  test('is of two by default, of none where it is to be, and untouched by other schemes', async () => {
    const { server, walletId, setId, storage, phone: none } = await withPool({ size: 0 })
    await signsEcdsa(none, { walletId })
    expect([poolOf(none).filling.size, preprocessed(server)]).toEqual([0, 0])
    const phone = createClient({ transport: server, storage, repeats: false })
    await sign(phone, { walletId, scheme: 'ed25519', message: digest })
    expect(poolOf(phone).filling.size).toBe(0)
    await signsEcdsa(phone, { walletId })
    await idle(phone)
    expect(poolOf(phone).count(setId)).toBe(2)
  })

  test('is filled where the app allows it, which it is asked before each', async () => {
    const asked: number[] = []
    const answers: unknown[] = []
    const mayFill = () => {
      asked.push(poolOf(phone).count(setId))
      return answers.shift() as boolean
    }
    const { server, phone, walletId, setId } = await withPool({ size: 4, mayFill })
    // Anything but `true` is a no.
    for (const answer of [false, 1, 'yes', Promise.resolve(true), undefined]) {
      answers.push(answer)
      await signsEcdsa(phone, { walletId })
      await idle(phone)
    }
    expect([asked, preprocessed(server)]).toEqual([[0, 0, 0, 0, 0], 0])
    asked.length = 0
    // Once before the share is read, and then before each.
    answers.push(true, true, true, false)
    await signsEcdsa(phone, { walletId })
    await idle(phone)
    expect([asked, preprocessed(server)]).toEqual([[0, 0, 1, 2], 2])
    // Who asks for them gets them.
    expect(await preprocessSignatures(phone, { walletId, count: 4 })).toBe(4)
  })

  test('whose question fails is not filled, and the app hears of it', async () => {
    const broken = new Error('planted')
    const fails: (() => boolean)[] = [
      () => {
        throw broken
      },
      () => Promise.reject(broken) as never,
    ]
    for (const mayFill of fails) {
      const told: unknown[] = []
      const { server, phone, walletId } = await withPool({ mayFill }, { onError: (error) => told.push(error) })
      await signsEcdsa(phone, { walletId })
      await idle(phone)
      await settled(() => told.length > 0)
      expect([told, preprocessed(server)]).toEqual([[broken], 0])
    }
  })

  // Asked after a signature, which is there all the same.
  test('whose clock fails is not filled, the app hears of it, and nothing is lost unwiped', () => {
    const broken = new Error('planted')
    const told: unknown[] = []
    const now = () => {
      throw broken
    }
    const pool = createPreprocessingPool({ epoch: 1, now, onError: (error) => told.push(error) })
    expect([pool.mayFill(), told]).toEqual([false, [broken]])
    let wiped = 0
    const one = { dispose: () => (wiped += 1) } as unknown as Preprocessed
    expect(() => pool.add('a', new Uint8Array(32), one)).toThrow(broken)
    pool.dispose()
    expect(() => pool.add('a', new Uint8Array(32), one)).toThrow(broken)
    expect(wiped).toBe(2)
  })

  test('keeps to its bytes in an hour, also where the clock goes back, and counts those that were asked for', async () => {
    let time = 1e12
    const { server, phone, walletId, setId } = await withPool({ size: 8, bytesPerHour: 400_000 }, { now: () => time })
    expect(await preprocessSignatures(phone, { walletId, count: 1 })).toBe(1)
    const round = async () => {
      await signsEcdsa(phone, { walletId })
      await idle(phone)
      return preprocessed(server)
    }
    expect(await round()).toBe(2)
    expect(await round()).toBe(2)
    time += 3_600_000
    expect(await round()).toBe(4)
    time -= 3_600_001
    expect(await round()).toBe(6)
    expect(poolOf(phone).count(setId)).toBe(3)
  })

  test('sends and receives for one about what it says', async () => {
    const { server, device, storage, walletId } = await withWallet()
    let bytes = 0
    const transport: typeof server = {
      ...server,
      request: async (request) => {
        const response = await server.request(request)
        bytes += (request.body?.length ?? 0) + response.body.length
        return response
      },
    }
    const phone = device('phone', { storage, transport })
    await preprocessSignatures(phone, { walletId, count: 1 })
    expect([bytes > 181_000, bytes < 183_000]).toEqual([true, true])
    bytes = 0
    await signsEcdsa(phone, { walletId })
    expect(bytes).toBeLessThan(1_800)
  })

  test('that cannot be filled leaves signing alone', async () => {
    let refused = 0
    const { server, device, storage, walletId } = await withWallet()
    const transport = {
      request: async (request: Parameters<typeof server.request>[0]) => {
        const response = await server.request(request)
        if (server.requests.at(-1)?.kind !== 'preprocess') return response
        refused++
        throw new MpcError('POLICY_DENIED', 'planted')
      },
    }
    const phone = device('phone', { storage, transport, pool: { size: 1 } })
    await signsEcdsa(phone, { walletId })
    await idle(phone)
    expect(refused).toBe(1)
  })

  test('that is disposed of holds nothing, and gets nothing that was under way', async () => {
    const { server, device, storage, walletId, setId } = await withWallet()
    const transport: typeof server = {
      ...server,
      request: async (request) => {
        const response = await server.request(request)
        if (preprocessed(server) === 2) phone.dispose()
        return response
      },
    }
    const phone = device('phone', { storage, transport, pool: { size: 3 } })
    await preprocessSignatures(phone, { walletId, count: 1 })
    const { digest: made } = server.sets.get(setId)!.otState!
    const held = poolOf(phone).take(setId, made)!
    poolOf(phone).add(setId, made, held)
    expect(await preprocessSignatures(phone, { walletId, count: 3 })).toBe(0)
    expect(() => held.encode()).toThrow('has been used')
    expect(await preprocessSignatures(phone, { walletId, count: 1 })).toBe(0)
    await signsEcdsa(phone, { walletId })
    expect([poolOf(phone).filling.size, poolOf(phone).count(setId), preprocessed(server)]).toEqual([0, 0, 2])
    phone.dispose()
  })

  test('gives what is of the set and its present setup, and wipes what is of another setup or is to be dropped', () => {
    const wiped: string[] = []
    const pool = createPreprocessingPool({ epoch: 1, now: () => 0, onError: () => undefined })
    const one = (name: string) => ({ dispose: () => wiped.push(name) }) as unknown as Preprocessed
    const [older, newer] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    const held = ['a, older', 'b, older', 'a, newer', 'b, newer'].map(one)
    held.forEach((preprocessing, i) => pool.add(i % 2 === 0 ? 'a' : 'b', i < 2 ? older : newer, preprocessing))
    expect([pool.take('b', older), wiped]).toEqual([held[1], ['b, newer']])
    expect([pool.take('b', older), wiped]).toEqual([undefined, ['b, newer']])
    expect([pool.take('a', newer), wiped]).toEqual([held[2], ['b, newer', 'a, older']])
    for (const i of [0, 1]) pool.add('ab'[i]!, newer, held[i]!)
    pool.drop('a')
    expect([wiped.slice(2), pool.count('a'), pool.count('b')]).toEqual([['a, older'], 0, 1])
  })
})
