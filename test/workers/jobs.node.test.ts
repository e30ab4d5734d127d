import { expect, test } from 'vitest'
import { MpcError, ProtocolError } from '../../src/errors.ts'
import { describeError, restoreError } from '../../src/util/error-description.ts'
import { doJob } from '../../src/workers/jobs.ts'
import { buffersIn, bytesIn, copyOf } from '../../src/workers/transfer.ts'
import { CodecError } from '../../src/util/codec.ts'
import { seededRandom } from '../support/random.ts'

test('what came with a job is wiped when it is over, also when it fails', () => {
  const random = seededRandom()
  const secret = random(32).fill(0, 31)
  const split = { curve: 'ed25519', secret, threshold: 2, ids: [1, 2, 3] } as const
  const answer = doJob({ name: 'split', job: split })
  expect(answer).toHaveProperty('result.shares')
  expect(secret).toEqual(new Uint8Array(32))

  const shares = random(96)
  expect(doJob({ name: 'recombine', job: { ...split, threshold: 4, shares } })).toHaveProperty('error')
  expect(shares).toEqual(new Uint8Array(96))

  const [old, share, state, message] = [random(9), random(9), random(9), random(9)]
  const participants = [{}, {}]
  const terms = { curve: 'ed25519', purpose: 'backup', threshold: 2, participants, self: 1 } as const
  const turns = [
    { ...terms, old, share },
    { ...terms, state, arrived: [message] },
  ]
  doJob({ name: 'reshare', job: turns })
  expect([old, share, state, message]).toEqual(Array.from({ length: 4 }, () => new Uint8Array(9)))
})

const unexpected = () => new MpcError('WORKER_FAILED', 'a job failed')

test.each([
  new ProtocolError('PIN', 2, [1, 3], 'another constant'),
  new ProtocolError('SID', 1, [2], 'another session'),
  new MpcError('STORAGE_FULL', 'no room', { retryable: true }),
  new MpcError('TIMEOUT', 'too late'),
  new MpcError('RATE_LIMITED', 'too many', { retryAfterMs: 5000 }),
  new RangeError('out of range'),
  new TypeError('no bytes'),
])('an error crosses as it was: $message', (error) => {
  const restored = restoreError(structuredClone(describeError(error)), unexpected)
  expect(restored).toEqual(error)
  expect(restored.constructor).toBe(error.constructor)
  expect({ ...restored }).toEqual({ ...error })
})

test('an error of unknown origin says nothing of what it was', () => {
  for (const error of [new CodecError('a secret'), new Error('a secret'), 'a secret', undefined]) {
    const description = describeError(error)
    expect(JSON.stringify(description)).not.toContain('secret')
    expect(restoreError(description, unexpected)).toMatchObject({ code: 'WORKER_FAILED' })
  }
})

test('a copy shares no memory, and its buffers are each named once', () => {
  const bytes = new Uint8Array([1, 2, 3, 4]).subarray(1, 3)
  const value = { list: [{ bytes }, { bytes }], number: 1, text: 'a', none: undefined, nothing: null }
  const copy = copyOf(value)
  expect(copy).toEqual(value)
  expect(buffersIn(copy)).toHaveLength(2)
  for (const one of bytesIn(copy)) expect(one.buffer.byteLength).toBe(2)
  bytes.fill(0)
  expect(copy.list[0]?.bytes).toEqual(new Uint8Array([2, 3]))
  const [only] = copy.list
  expect(buffersIn([only, only])).toHaveLength(1)
  for (const odd of [() => 1, Symbol('odd'), new Map(), new Set(), new (class Odd {})()]) {
    expect(() => copyOf({ odd })).toThrow(TypeError)
  }
})
