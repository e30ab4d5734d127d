import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test, vi } from 'vitest'
import { createPreprocessingPool } from '../../../src/client/preprocessing-pool.ts'
import {
  createClient,
  generateWallet,
  MpcError,
  preprocessSignatures,
  refreshShares,
  sign,
  type Client,
  type PoolOptions,
} from '../../../src/index.ts'
import { OtState, Preprocessed, getEcdsaBackend } from '../../../src/protocol/ecdsa/index.ts'
import { memoryStore } from '../../../src/storage/memory.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { stage, type Stage } from '../support/devices.ts'
import { losingAnswers } from '../support/faults.ts'
import { signsEcdsa } from '../support/signs-ecdsa.ts'

const digest = sha256(utf8('hello'))

/** How the ECDSA signatures so far were made. */
function sources({ requests }: Stage['server']): string[] {
  return requests.flatMap((request) =>
    request.kind === 'sign' && request.scheme === 'ecdsa' ? [request.source.kind] : [],
  )
}

const preprocessed = ({ requests }: Stage['server']) => requests.filter(({ kind }) => kind === 'preprocess').length

async function withWallet() {
  const { server, device } = stage()
  const storage = memoryStore()
  const phone = device('phone', { storage })
  const { id: walletId, setId } = await generateWallet(phone)
  return { server, device, storage, phone, walletId, setId }
}

describe('a preprocessing', () => {
  test('signs in one request, by whichever key, once', async () => {
    const { server, phone, walletId } = await withWallet()
    expect(await preprocessSignatures(phone, { walletId, count: 2 })).toBe(2)
    expect(await preprocessSignatures(phone, { walletId, count: 2 })).toBe(2)
    expect(preprocessed(server)).toBe(2)
    for (const path of ['m', 'm/1/7']) {
      const { length } = server.log
      await signsEcdsa(phone, { walletId, path })
      expect(server.log).toHaveLength(length + 1)
    }
    await signsEcdsa(phone, { walletId, path: 'm/1' })
    expect(sources(server)).toEqual(['preprocessing', 'preprocessing', 'setup'])
  })

  test('is handed to one of two signatures at once', async () => {
    const { server, phone, walletId } = await withWallet()
    await preprocessSignatures(phone, { walletId, count: 1 })
    await Promise.all(['m', 'm/1', 'm'].map((path) => signsEcdsa(phone, { walletId, path })))
    expect(sources(server).toSorted()).toEqual(['preprocessing', 'setup', 'setup'])
  })

  test('is used up by a request, whatever becomes of that', async () => {
    const { server, device, storage, walletId } = await withWallet()
    let lost = false
    const phone = device('phone', { storage, transport: losingAnswers(server, () => lost) })
    await preprocessSignatures(phone, { walletId, count: 1 })
    lost = true
    await expect(sign(phone, { walletId, scheme: 'ecdsa', digest })).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
    lost = false
    await signsEcdsa(phone, { walletId })
    expect(sources(server)).toEqual(['preprocessing', 'setup'])
  })

  test('that the server has dropped is replaced by two requests, and so are those beside it, by one look', async () => {
    const { server, phone, walletId, setId } = await withWallet()
    await preprocessSignatures(phone, { walletId, count: 2 })
    server.sets.get(setId)!.preprocessings.clear()
    for (let i = 0; i < 2; i++) await signsEcdsa(phone, { walletId })
    expect(sources(server)).toEqual(['preprocessing', 'setup', 'setup'])
  })

  // What a snapshot of the app's memory would bring back.
  test('of a copy of the pool is refused by the server, and the signature takes two requests', async () => {
    const { server, phone, walletId, setId } = await withWallet()
    await preprocessSignatures(phone, { walletId, count: 1 })
    const { pair } = server.sets.get(setId)!
    const held = phone.pool.take(setId, pair!.digest)!
    const bytes = held.encode()
    for (let i = 0; i < 2; i++) {
      const copy = Preprocessed.decode(getEcdsaBackend(), bytes)
      phone.pool.add(setId, pair!.digest, copy)
      await signsEcdsa(phone, { walletId, path: `m/${i}` })
    }
    expect(sources(server)).toEqual(['preprocessing', 'preprocessing', 'setup'])
  })

  test('of which the server’s side is another gives no signature', async () => {
    const { server, phone, walletId, setId } = await withWallet()
    await preprocessSignatures(phone, { walletId, count: 2 })
    const held = server.sets.get(setId)!.preprocessings
    const [a, b] = [...held.keys()] as [string, string]
    const swapped = [held.get(b)!, held.get(a)!] as const
    held.set(a, swapped[0]).set(b, swapped[1])
    await expect(sign(phone, { walletId, scheme: 'ecdsa', digest })).rejects.toBeInstanceOf(MpcError)
    await expect(sign(phone, { walletId, scheme: 'ecdsa', digest })).rejects.toBeInstanceOf(MpcError)
    await signsEcdsa(phone, { walletId })
  })

  test('is in no store, and unknown to another client', async () => {
    const { server, device, storage, phone, walletId } = await withWallet()
    const keys = await storage.list('')
    await preprocessSignatures(phone, { walletId, count: 1 })
    expect(await storage.list('')).toEqual(keys)
    await signsEcdsa(device('phone', { storage }), { walletId })
    expect(sources(server)).toEqual(['setup'])
  })

  test.each(['refreshed', 'set up anew', 'set up anew in another tab', 'banned in another tab'])(
    'is dropped when its set is %s',
    async (how) => {
      const { server, device, storage, phone, walletId, setId } = await withWallet()
      const other = device('phone', { storage, onCheating: 'ephemeralSetup' })
      await preprocessSignatures(phone, { walletId, count: 2 })
      const set = server.sets.get(setId)!
      if (how === 'refreshed') await refreshShares(phone, { walletId })
      if (how.startsWith('set up anew')) {
        // What was made with the setup before is of no use, even where the server has kept it.
        const kept = [...set.preprocessings]
        set.pair = undefined
        await signsEcdsa(how.endsWith('tab') ? other : phone, { walletId, path: 'm/9' })
        for (const [id, preprocessing] of kept) set.preprocessings.set(id, preprocessing)
        server.requests.length = 0
      }
      if (how === 'banned in another tab') {
        const { value, version } = (await storage.read(`ot/${setId}`))!
        const pair = OtState.decode(value.slice(0, -32))
        pair.poison('CHEAT_VOLE')
        const row = pair.encode()
        await storage.write(`ot/${setId}`, new Uint8Array([...row, ...sha256(row)]), version)
        const attempt = sign(phone, { walletId, scheme: 'ecdsa', digest })
        await expect(attempt).rejects.toMatchObject({ code: 'OT_POISONED' })
      } else await signsEcdsa(phone, { walletId })
      expect(sources(server)).not.toContain('preprocessing')
      expect(server.requests.filter(({ kind }) => kind === 'setup')).toEqual([])
      expect(phone.pool.count(setId)).toBe(0)
    },
  )
})

test('preprocessings of a setup that the server has lost are not counted as ready', async () => {
  const { server, phone, walletId, setId } = await withWallet()
  await preprocessSignatures(phone, { walletId, count: 1 })
  server.sets.get(setId)!.pair = undefined
  expect(await preprocessSignatures(phone, { walletId, count: 2 })).toBe(2)
  for (let i = 0; i < 2; i++) await signsEcdsa(phone, { walletId })
  expect(sources(server)).toEqual(['preprocessing', 'preprocessing'])
})

describe('a pool', () => {
  const settled = (done: () => boolean) => vi.waitUntil(done, { interval: 1, timeout: 30_000 })
  const idle = (client: Client) => settled(() => client.pool.filling.size === 0)

  async function withPool(pool: PoolOptions | undefined, options: Parameters<Stage['device']>[1] = {}) {
    const { device, storage, ...rest } = await withWallet()
    const phone = device('phone', { storage, ...options, pool: pool as PoolOptions })
    return { ...rest, device, storage, phone }
  }

  test('is filled after the first signature, by one run at a time, and again after each', async () => {
    const { server, phone, walletId, setId } = await withPool({ size: 3 })
    await signsEcdsa(phone, { walletId })
    expect(phone.pool.filling.size).toBe(1)
    await idle(phone)
    expect([phone.pool.count(setId), server.sets.get(setId)!.preprocessings.size]).toEqual([3, 3])
    for (let i = 0; i < 2; i++) await signsEcdsa(phone, { walletId, path: `m/${i}` })
    await idle(phone)
    expect(phone.pool.count(setId)).toBe(3)
    expect(sources(server)).toEqual(['setup', 'preprocessing', 'preprocessing'])
    expect(preprocessed(server)).toBe(5)
  })

  test('is of two by default, of none where it is to be, and untouched by other schemes', async () => {
    const { server, walletId, setId, storage, phone: none } = await withPool({ size: 0 })
    await signsEcdsa(none, { walletId })
    expect([none.pool.filling.size, preprocessed(server)]).toEqual([0, 0])
    const phone = createClient({ transport: server, storage, repeats: false })
    await sign(phone, { walletId, scheme: 'ed25519', message: digest })
    expect(phone.pool.filling.size).toBe(0)
    await signsEcdsa(phone, { walletId })
    await idle(phone)
    expect(phone.pool.count(setId)).toBe(2)
  })

  test('is filled where the app allows it, which it is asked before each', async () => {
    const asked: number[] = []
    const answers: unknown[] = []
    const mayFill = () => {
      asked.push(phone.pool.count(setId))
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
    expect(phone.pool.count(setId)).toBe(3)
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
    const { digest: made } = server.sets.get(setId)!.pair!
    const held = phone.pool.take(setId, made)!
    phone.pool.add(setId, made, held)
    expect(await preprocessSignatures(phone, { walletId, count: 3 })).toBe(0)
    expect(() => held.encode()).toThrow('has been used')
    expect(await preprocessSignatures(phone, { walletId, count: 1 })).toBe(0)
    await signsEcdsa(phone, { walletId })
    expect([phone.pool.filling.size, phone.pool.count(setId), preprocessed(server)]).toEqual([0, 0, 2])
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
