import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../support/random.ts'

// Why the gadget vector is drawn after the sender's last message, and why there are more than log q + 2s transfers
// (docs/ecdsa.md), in a field that is small enough to count. β = ⟨g, w⟩ ought to look uniform to a sender that has learnt
// something of w. What it learns is a source: the choices w that are left once its checks have passed.

/** The field, about 2^8. */
const Q = 251
/** Statistical security in bits. */
const S = 4
/** How often a sender can try other messages: 2^λ_c. */
const TRIES = 2 ** 4
/** log q + 2s: what DKLs23 asks for. */
const FEW = 8 + 2 * S
/** log q + 2λ_c + 3s: Variant II. */
const MANY = 8 + 2 * 4 + 3 * S

const random = seededRandom('gadgets of a small field')

function gadgets(count: number): number[] {
  return Array.from({ length: count }, () => {
    const [high, low] = random(2) as unknown as [number, number]
    return (256 * high + low) % Q
  })
}

/** How far from uniform counts of field elements are. */
function distance(counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return counts.reduce((sum, count) => sum + Math.abs(count / total - 1 / Q), 0) / 2
}

/** How often each β comes up, over all choices of these gadgets. */
function sums(g: readonly number[]): number[] {
  let counts = new Array<number>(Q).fill(0).with(0, 1)
  for (const one of g) counts = counts.map((count, beta) => count + (counts[(beta - one + Q) % Q] as number))
  return counts
}

/** Over all ways to guess S of the choices: which values are guessed only shifts β. */
function worstGuess(g: readonly number[], from = 0, guessed = 0): number {
  if (guessed === S) return distance(sums(g))
  let worst = 0
  for (let i = from; i < g.length; i++) worst = Math.max(worst, worstGuess(g.toSpliced(i, 1), i, guessed + 1))
  return worst
}

describe('in a small field', () => {
  test('log q + 2s transfers are enough for a sender that learns nothing', () => {
    const found = Array.from({ length: 64 }, () => distance(sums(gadgets(FEW))))
    expect(found.reduce((sum, one) => sum + one, 0) / found.length).toBeLessThan(2 ** -S)
  })

  test.each([FEW, MANY])(
    'a source of one bit less, chosen after the gadgets, halves the field for %i transfers',
    (m) => {
      // All choices whose β is in the lower half of the field: half of all choices.
      const all = sums(gadgets(m))
      const source = all.map((count, beta) => (beta < Q / 2 ? count : 0))
      const left = source.reduce((sum, count) => sum + count, 0) / 2 ** m
      expect(Math.abs(left - 1 / 2)).toBeLessThan(0.1)
      expect(distance(source)).toBeGreaterThan(0.49)
    },
  )

  test('log q + 2s transfers are too few for a sender that guesses s choices, which passes with 2^-s', () => {
    expect(worstGuess(gadgets(FEW))).toBeGreaterThan(2 ** -S)
  })

  test('log q + 2λ_c + 3s are enough where the guess comes first, however often the sender tries other gadgets', () => {
    const found = Array.from({ length: TRIES }, () => distance(sums(gadgets(MANY).slice(S))))
    expect(Math.max(...found)).toBeLessThan(2 ** -S)
  })
})
