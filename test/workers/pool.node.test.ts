import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Pool, ReshareStep, SplitResult } from 'reshare/workers'
import type { Scalar } from '../../src/curve/group.ts'
import { getGroup } from '../../src/curve/index.ts'
import { decodeKeyShare, encodeKeyShare, encodeShareSetRecord, type KeyShare } from '../../src/key-share/index.ts'
import { recombine } from '../../src/secret-sharing/shamir.ts'
import { findWrongShares } from '../../src/secret-sharing/wrong-shares.ts'
import { CURVES, type Curve } from '../../src/types.ts'
import { buildPrograms, programFolder } from '../support/programs.ts'
import { seededRandom } from '../support/random.ts'
import { generate, makesKey, PAIR } from '../support/sets.ts'

// The entry point and its worker stand beside each other in a folder of their own, as they do in the package.

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = programFolder('workers')
const open = new Set<Pool>()
let createPool: typeof import('reshare/workers').createPool
let openPool: typeof import('../../src/workers/pool.ts').openPool

beforeAll(async () => {
  const sources = ['src/workers/index.ts', 'src/workers/worker.ts', 'src/workers/pool.ts']
  const entryPoints = [...sources, 'test/workers/crashing-worker.node.ts'].map((path) => ({
    in: join(root, path),
    out: path.replace(/^.*\/|[.]ts$/g, ''),
  }))
  await buildPrograms({ entryPoints, outdir: folder })
  ;({ createPool } = await import(pathToFileURL(join(folder, 'index.js')).href))
  ;({ openPool } = await import(pathToFileURL(join(folder, 'pool.js')).href))
})
afterEach(async () => {
  await Promise.all([...open].map((pool) => pool.close()))
  open.clear()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function pool(size: number, program?: string): Pool {
  const opened =
    program === undefined
      ? createPool({ size })
      : openPool(size, () => new Worker(pathToFileURL(join(folder, program))))
  open.add(opened)
  return opened
}

/** Shares as the layer below takes them. */
function unpack({ ids, shares }: SplitResult) {
  return ids.map((id, i) => ({ id, value: shares.slice(32 * i, 32 * i + 32) as Scalar }))
}

const ids = (count: number): number[] => Array.from({ length: count }, (_, i) => 2 * i + 1)

describe.each([0, 1, 2])('a pool of %i threads', (size) => {
  test.each(CURVES)('splits, verifies and recombines on %s as the calling thread does', async (curve) => {
    const random = seededRandom()
    const group = getGroup(curve)
    const secret = group.randomScalar(random)
    const { split, verify, recombine: join } = pool(size)
    const sharing = await split({ curve, secret, threshold: 41, ids: ids(60) })
    expect(sharing.ids).toEqual(ids(60))
    expect(sharing.shares).toHaveLength(32 * 60)
    expect(sharing.commitment).toHaveLength(41 * group.pointLength)
    const points = Array.from({ length: 41 }, (_, k) =>
      group.decodePoint(sharing.commitment.slice(k * group.pointLength, (k + 1) * group.pointLength)),
    )
    expect(group.equalPoints(points[0]!, group.multiplyBase(secret))).toBe(true)
    expect(findWrongShares(group, points, unpack(sharing), random)).toEqual([])
    expect(recombine(group, unpack(sharing).slice(7, 48), 41)).toEqual(secret)

    const before = sharing.shares.slice()
    expect(await verify({ curve, ...sharing })).toEqual([])
    expect(await join({ curve, threshold: 41, ...sharing })).toEqual(new Uint8Array(secret))
    const tampered = sharing.shares.slice()
    tampered.copyWithin(32 * 17, 32 * 18, 32 * 19)
    expect(await verify({ curve, ...sharing, shares: tampered })).toEqual([35])
    expect(sharing.shares).toEqual(before)
    expect(group.isZero(secret)).toBe(false)
  })

  test.each(CURVES)('reshares many sets on %s', async (curve) => {
    const random = seededRandom()
    const group = getGroup(curve)
    const old = Array.from({ length: 5 }, () => generate(group, 2, 2, random))
    const renewed = await reshareAll(pool(size), curve, old)
    for (const [i, shares] of renewed.entries()) {
      const before = old[i]?.[0] as KeyShare
      expect(makesKey(group, shares, before.record)).toBe(true)
      expect(shares[0]?.record.setId).not.toEqual(before.record.setId)
      expect(shares[0]?.secretShare).not.toEqual(before.secretShare)
    }
  })

  test('tells what is wrong with a job by its code', async () => {
    const { split, recombine: join } = pool(size)
    const job = { curve: 'ed25519', secret: new Uint8Array(32).fill(1), threshold: 2, ids: [1, 2] } as const
    await expect(split({ ...job, threshold: 3 })).rejects.toBeInstanceOf(RangeError)
    await expect(split({ ...job, ids: [1, 1] })).rejects.toBeInstanceOf(RangeError)
    await expect(split({ ...job, curve: 'p256' as Curve })).rejects.toBeInstanceOf(TypeError)
    await expect(split({ ...job, secret: 'text' as unknown as Uint8Array })).rejects.toBeInstanceOf(TypeError)
    await expect(split({ ...job, ids: (() => 1) as unknown as number[] })).rejects.toBeInstanceOf(TypeError)
    await expect(split({ ...job, ids: new Set([1, 2]) as unknown as number[] })).rejects.toBeInstanceOf(TypeError)
    for (const secret of [new Uint8Array(32), new Uint8Array(32).fill(255), new Uint8Array(31)]) {
      await expect(split({ ...job, secret })).rejects.toMatchObject({ name: 'MpcError', code: 'SHARE_PARSING_FAILED' })
    }
    const shares = { curve: 'ed25519', threshold: 2, ids: [1, 2] } as const
    await expect(join({ ...shares, shares: new Uint8Array(63) })).rejects.toBeInstanceOf(RangeError)
    // The pool goes on.
    expect((await split(job)).shares).toHaveLength(64)
  })

  test('a reshare that fails says why, and leaves the others alone', async () => {
    const random = seededRandom()
    const group = getGroup('secp256k1')
    const old = Array.from({ length: 3 }, () => generate(group, 2, 2, random))
    const opened = await pool(size).reshare(old.flatMap((shares) => openings('secp256k1', shares)))
    const steps = opened.map(({ step }) => step as ReshareStep)
    const terms = (self: number) => termsOf('secp256k1', self)
    const message = (i: number): Uint8Array => steps[i]?.out[0] as Uint8Array
    const second = await pool(size).reshare([
      { ...terms(1), state: steps[0]?.state as Uint8Array, arrived: [message(1)] },
      { ...terms(2), state: new Uint8Array(9), arrived: [] },
      { ...terms(1), state: steps[2]?.state as Uint8Array, arrived: [message(3)] },
    ])
    expect(second.map(({ error }) => (error as { code?: string } | undefined)?.code)).toEqual([
      undefined,
      'SHARE_PARSING_FAILED',
      undefined,
    ])
    const state = second[0]?.step?.state as Uint8Array
    const forged = (second[0]?.step?.out[0] as Uint8Array).slice()
    const other = await pool(size).reshare([
      { ...terms(2), state: steps[1]?.state as Uint8Array, arrived: [message(0), flipLast(forged)] },
      { ...terms(1), state, arrived: [] },
    ])
    expect(other[0]?.error).toMatchObject({
      name: 'ProtocolError',
      code: 'PROTOCOL_ABORTED',
      reason: 'COMMIT',
      round: 2,
      blame: [1],
      retryable: false,
      ban: false,
      message: expect.stringMatching(/^[^()]+ \(COMMIT, round 2\)$/),
    })
    expect(other[1]?.step?.out).toEqual([])
  })

  test('a closed pool takes no job', async () => {
    const closed = pool(size)
    const job = { curve: 'ed25519', secret: new Uint8Array(32).fill(1), threshold: 2, ids: [1, 2] } as const
    const running = Array.from({ length: size }, () => closed.split(job))
    const waiting = size === 0 ? [] : [closed.split(job), closed.split(job)]
    const results = Promise.allSettled([...running, ...waiting])
    await closed.close()
    await closed.close()
    const codes = (await results).map((one) =>
      one.status === 'fulfilled' ? 'done' : (one.reason as { code: string }).code,
    )
    expect(codes).toEqual([...running.map(() => 'done'), ...waiting.map(() => 'ABORTED')])
    await expect(closed.split(job)).rejects.toMatchObject({ code: 'ABORTED' })
    const [turn] = await closed.reshare([{ ...termsOf('ed25519', 1), state: new Uint8Array(1), arrived: [] }])
    expect(turn?.error).toMatchObject({ code: 'ABORTED' })
  })
})

describe('a thread that ends', () => {
  const shares = { curve: 'ed25519', ids: [1, 2], shares: new Uint8Array(64) } as const
  const crash = { ...shares, threshold: 8192 }

  test('takes its own job with it and no other', async () => {
    const { recombine: join } = pool(2, 'crashing-worker.node.js')
    const jobs = [crash, { ...shares, threshold: 2 }, { ...shares, threshold: 2 }, crash, { ...shares, threshold: 1 }]
    const results = await Promise.allSettled(jobs.map((job) => join(job)))
    const failed = { code: 'WORKER_FAILED', retryable: true }
    for (const [i, result] of results.entries()) {
      if (jobs[i] === crash) expect(result).toMatchObject({ status: 'rejected', reason: failed })
      else expect(result).toEqual({ status: 'fulfilled', value: new Uint8Array(32) })
    }
    expect(await join({ ...shares, threshold: 2 })).toEqual(new Uint8Array(32))
  })

  test('while the pool closes does not hold it up', async () => {
    const closing = pool(1, 'crashing-worker.node.js')
    const failed = expect(closing.recombine(crash)).rejects.toMatchObject({ code: 'WORKER_FAILED' })
    await closing.close()
    await failed
  })

  test.each([
    ['has no program', 'no-such-worker.js'],
    ['has one that listens to nobody', 'index.js'],
  ])('because it %s', async (_, program) => {
    const failed = { code: 'WORKER_FAILED', retryable: false }
    await expect(pool(1, program).recombine(crash)).rejects.toMatchObject(failed)
  })

  test('before it has got anything says why', async () => {
    const cause = { message: expect.stringContaining('no-such-worker.js') }
    await expect(pool(1, 'no-such-worker.js').recombine(crash)).rejects.toMatchObject({ cause })
    writeFileSync(join(folder, 'throws.js'), "throw new Error('a mistake of the app')")
    await expect(pool(1, 'throws.js').recombine(crash)).rejects.toMatchObject({
      cause: { message: 'a mistake of the app' },
    })
  })
})

describe('a worker.js of the app, which a bundle of one file finds in the place of ours', () => {
  const job = { curve: 'ed25519', ids: [1, 2], shares: new Uint8Array(64), threshold: 2 } as const
  const got = join(folder, 'got')
  const program = (name: string, begin: string): string => {
    const listen = "parentPort.on('message', () => writeFileSync(new URL('./got', import.meta.url), ''))"
    const imports = "import { writeFileSync } from 'node:fs'\nimport { parentPort } from 'node:worker_threads'"
    writeFileSync(join(folder, name), `${imports}\n${begin}\n${listen}\n`)
    return name
  }
  afterEach(() => {
    vi.useRealTimers()
    expect(existsSync(got)).toBe(false)
  })

  test('gets no job where it says something else', async () => {
    const own = program('own.js', "parentPort.postMessage('hello')")
    await expect(pool(1, own).recombine(job)).rejects.toMatchObject({ code: 'WORKER_FAILED', retryable: false })
  })

  test('gets no job where it says nothing, and holds up none for long', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const silent = pool(1, program('silent.js', ''))
    const failed = expect(silent.recombine(job)).rejects.toMatchObject({ code: 'WORKER_FAILED', retryable: false })
    vi.advanceTimersByTime(30_000)
    await failed
  })
})

test.each([-1, 65, 1.5, Number.NaN])('%d is no size of a pool', (size) => {
  expect(() => createPool({ size })).toThrow(RangeError)
})

/** What a machine and its peer agree on. */
function termsOf(curve: Curve, self: number) {
  return { curve, purpose: 'backup', threshold: 2, participants: PAIR, self } as const
}

/** The first turns of both machines of a set. */
function openings(curve: Curve, shares: readonly KeyShare[]) {
  const group = getGroup(curve)
  return shares.map((share, i) => ({
    ...termsOf(curve, i + 1),
    old: encodeShareSetRecord(group, share.record),
    share: encodeKeyShare(group, share),
  }))
}

/** Reshares between two machines, both on one pool, all sets at once. */
async function reshareAll(on: Pool, curve: Curve, old: readonly KeyShare[][]): Promise<KeyShare[][]> {
  let outcomes = await on.reshare(old.flatMap((shares) => openings(curve, shares)))
  const results: Uint8Array[] = []
  for (let round = 0; round < 4; round++) {
    // Set i has the turns 2i and 2i + 1, each of which gets what the other sent.
    const steps = outcomes.map(({ step, error }) => {
      if (step === undefined) throw error
      return step
    })
    outcomes = await on.reshare(
      steps.map(({ state }, i) => ({
        ...termsOf(curve, (i % 2) + 1),
        state: state as Uint8Array,
        arrived: steps[i ^ 1]?.out ?? [],
      })),
    )
    for (const [i, { step }] of outcomes.entries()) if (step?.done?.share !== undefined) results[i] = step.done.share
  }
  const decoded = results.map((bytes) => decodeKeyShare(getGroup, bytes))
  return old.map((_, i) => decoded.slice(2 * i, 2 * i + 2))
}

function flipLast(bytes: Uint8Array): Uint8Array {
  const last = bytes.length - 1
  bytes[last] = (bytes[last] as number) ^ 1
  return bytes
}
