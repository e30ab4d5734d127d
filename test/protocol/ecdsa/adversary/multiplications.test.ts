import { describe, expect, test } from 'vitest'
import type { Scalar } from '../../../../src/curve/group.ts'
import type { EcdsaBackend } from '../../../../src/protocol/ecdsa/ot/backend.ts'
import { OtState } from '../../../../src/protocol/ecdsa/ot/ot-state.ts'
import type { KeyShare } from '../../../../src/key-share/index.ts'
import { seededRandom } from '../../../support/random.ts'
import { flip, simulate } from '../../../support/simulator.ts'
import { backends, type Holder, holders, ids, randomDigest, signingSessions } from '../support.ts'
import { EXTENSION, PRODUCT, OPENING, CORRECTION, U, X, T, CHECK, V, GAMMA_X, POINT_K, POINT_X } from './layout.ts'
import { otStateOf, replaced, tampering, victimIn } from './tampering.ts'
import { expectAbort, expectCode } from './expectations.ts'

const [CLIENT] = ids(1, 2)

describe.each(backends)('a cheating signer on $name', ({ backend }) => {
  const { group } = backend
  const victimOf = victimIn(backend)

  // Rows 2 and 4 of docs/security.md#attacks-that-are-tested.
  test.each([
    ['the first bit of u', U],
    ['the last bit of u', X - 1],
    ['x', X],
    ['t of the first column', T],
    ['t of the last column', EXTENSION - 1],
  ])('who flips %s of an extension is banned, and the state with it', (_, at) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const { error, done } = victimOf(
      set,
      random,
      tampering(1, EXTENSION, (body) => flip(body, at)),
    )
    expect(done).toBeUndefined()
    expectAbort(error, 'CHEAT_OTE', { blame: [2], ban: true, round: 1 })
    expect(otStateOf(set).cheat).toBe('CHEAT_OTE')
    expectCode(() => otStateOf(set).secrets, 'OT_POISONED')
  })

  // Row 5.
  test.each([
    ['one number of the matrix', 96 * 7 + 31],
    ['the column of masks', 96 * 767 + 95],
    ['H(u)', CHECK],
    ['v', V + 31],
  ])('who changes %s of a multiplication is banned', (_, at) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const { error } = victimOf(
      set,
      random,
      tampering(2, PRODUCT, (body) => flip(body, at)),
    )
    expectAbort(error, 'CHEAT_VOLE', { blame: [2], ban: true, round: 2 })
    expect(otStateOf(set).cheat).toBe('CHEAT_VOLE')
  })

  // Row 6: the multiplication is consistent in itself, and of something else.
  test.each([
    ['k + 1', 31],
    ['x + 1', GAMMA_X + 31],
  ])('who multiplies by %s is banned', (_, at) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const { error } = victimOf(
      set,
      random,
      tampering(3, CORRECTION, (body) => replaced(body, at & ~31, plusOne(body.slice(at & ~31, (at & ~31) + 32)))),
    )
    expectAbort(error, 'CHEAT_GAMMA', { blame: [2], ban: true, round: 3 })
    expect(otStateOf(set).cheat).toBe('CHEAT_GAMMA')
    expect(OtState.decode(otStateOf(set).encode()).cheat).toBe('CHEAT_GAMMA')
  })

  function plusOne(bytes: Uint8Array): Uint8Array {
    return group.add(bytes as Scalar, group.scalar(1))
  }

  test.each([
    ['Γ_k', POINT_K],
    ['Γ_x', POINT_X],
  ])('who sends another %s is banned', (_, at) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const other = group.encodePoint(group.multiplyBase(group.randomScalar(random)))
    const { error } = victimOf(
      set,
      random,
      tampering(3, CORRECTION, (body) => replaced(body, at, other)),
    )
    expectAbort(error, 'CHEAT_GAMMA', { blame: [2], ban: true, round: 3 })
  })

  /** What a victim says whose backend has met what nobody can bring about. */
  function met(change: Partial<EcdsaBackend>): { error: unknown; set: Holder[] } {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const sessions = signingSessions(backend, set, randomDigest(random), random, (id) =>
      id === CLIENT ? { backend: { ...backend, ...change } } : {},
    )
    return { error: simulate(sessions)[0]!.error, set }
  }

  // The session asks for the key first, then for both points of the check, then for R.
  const asking = (which: number): Partial<EcdsaBackend> => {
    let asked = 0
    return { group: { ...group, isIdentity: (point) => ++asked === which || group.isIdentity(point) } }
  }

  test.each([2, 3])('who makes a point of the check the identity is banned (question %i)', (which) => {
    const { error, set } = met(asking(which))
    expectAbort(error, 'CHEAT_GAMMA', { blame: [2], ban: true, round: 3 })
    expect(otStateOf(set).cheat).toBe('CHEAT_GAMMA')
  })

  test('nonces that add up to nothing, or to an r of zero, sign nothing', () => {
    for (const change of [asking(4), { group: { ...group, isZero: () => true } }]) {
      expectAbort(met(change).error, 'SIG', { blame: [], ban: false, round: 3 })
    }
  })

  test('an error of the backend is nobody’s fault', () => {
    const fault = new TypeError('another error')
    const finish = (): never => {
      throw fault
    }
    const { error, set } = met({ vole: { ...backend.vole, finish } })
    expect(error).toBe(fault)
    expect(otStateOf(set).cheat).toBeUndefined()
  })

  test('ψ of zero is a number like any other, and one of ψ + 1 signs nothing', () => {
    for (const change of [() => new Uint8Array(32), plusOne]) {
      const random = seededRandom()
      const set = holders(backend, 3, 3, random)
      const sessions = signingSessions(backend, set, randomDigest(random), random)
      const intercept = tampering(3, 130 + 32 + 32, (body) => replaced(body, 130, change(body.slice(130, 162))))
      const [first] = simulate(sessions, { intercept })
      expect(first!.done).toBeUndefined()
      expectAbort(first!.error, 'SIG', { blame: [], ban: false, round: 5 })
    }
  })

  test('who does not open its commitment to a nonce is blamed', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const { error } = victimOf(
      set,
      random,
      tampering(3, OPENING, (body) => flip(body, 33)),
    )
    expectAbort(error, 'COMMIT', { blame: [2], ban: false, round: 3 })
    expect(otStateOf(set).cheat).toBeUndefined()
  })

  test('who shows no point for its part of the key is blamed', () => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const sessions = signingSessions(backend, set, randomDigest(random), random)
    const intercept = tampering(3, 65 + 33 + 32, (body) => replaced(body, 65, Uint8Array.of(5)))
    expectAbort(simulate(sessions, { intercept })[0]!.error, 'POINT', { blame: [2], ban: false, round: 3 })
  })

  // Row 27: the parts of the key must add up to it.
  test('who signs with another share multiplies something else than its part of the key', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const share: KeyShare = { ...set[1]!.share, secretShare: group.randomScalar(random) }
    const { error } = simulate(
      signingSessions(backend, [set[0]!, { ...set[1]!, share }], randomDigest(random), random),
    )[0]!
    expectAbort(error, 'CHEAT_GAMMA', { blame: [2], ban: true, round: 3 })
  })

  test('nobody is blamed for a wrong sum of three parts of the key', () => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const share: KeyShare = { ...set[1]!.share, secretShare: group.randomScalar(random) }
    const [first] = simulate(
      signingSessions(backend, [set[0]!, { ...set[1]!, share }, set[2]!], randomDigest(random), random),
    )
    expectAbort(first!.error, 'PKSUM', { blame: [], ban: false, round: 3 })
  })
})
