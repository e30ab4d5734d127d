import { expect, test } from 'vitest'
import { runSteps } from '../../../src/protocol/session/batch.ts'
import type { ReshareResult } from '../../../src/protocol/reshare/index.ts'
import type { Session, Step } from '../../../src/protocol/session/session.ts'
import { groups } from '../../support/groups.ts'
import { seededRandom } from '../../support/random.ts'
import { generate, makesKey, PAIR, reshareSessions } from '../../support/sets.ts'

const { group } = groups[0] as (typeof groups)[number]

test('many reshares go on together, and one that fails leaves the others alone', () => {
  const random = seededRandom()
  const old = Array.from({ length: 4 }, () => generate(group, 2, 2, random))
  const pairs = old.map((shares) => reshareSessions({ group, shares, participants: PAIR, threshold: 2 }, random))
  const sessions = pairs.flat()
  const done: (ReshareResult | undefined)[] = []

  const play = (arrived: (at: number) => Uint8Array[] | undefined): Step<ReshareResult>[] =>
    runSteps(
      sessions.map((session, at) => {
        const envelopes = arrived(at)
        return { session: () => session, ...(envelopes === undefined ? {} : { arrived: envelopes }) }
      }),
    ).map(({ step, error }, at) => {
      // Set 1 ends with a forged message: both machines' turns fail from then on.
      if (step === undefined) expect([[2, 3], error]).toEqual([expect.arrayContaining([at]), expect.any(Error)])
      if (step?.done !== undefined) done[at] = step.done
      return step ?? { out: [] }
    })

  let steps = play(() => undefined)
  for (let round = 1; round <= 4; round++) {
    const sent = steps.map(({ out }) => out.map((bytes) => bytes.slice()))
    if (round === 2) for (const bytes of sent[2] as Uint8Array[]) bytes[bytes.length - 1]! ^= 1
    steps = play((at) => sent[at ^ 1])
  }
  for (const [i, shares] of old.entries()) {
    const renewed = [done[2 * i], done[2 * i + 1]].flatMap((result) => result?.share ?? [])
    if (i === 1) expect(renewed).toEqual([])
    else expect(makesKey(group, renewed, shares[0]!.record)).toBe(true)
  }
})

test('a turn whose session cannot be opened, or is given what no session takes, ends alone', () => {
  const random = seededRandom()
  const shares = generate(group, 2, 2, random)
  const [first, second] = reshareSessions({ group, shares, participants: PAIR, threshold: 2 }, random)
  first?.start()
  const refusal = new RangeError('no such set')
  const outcomes = runSteps<ReshareResult>([
    {
      session: () => {
        throw refusal
      },
    },
    { session: () => first as Session<ReshareResult>, arrived: ['text' as unknown as Uint8Array] },
    { session: () => second as Session<ReshareResult> },
  ])
  expect(outcomes.map(({ error }) => error)).toEqual([refusal, expect.any(TypeError), undefined])
  expect(outcomes[2]?.step?.out).toHaveLength(1)
  // It is over and wiped.
  expect(() => first?.advance()).toThrow('the session is over')
})
