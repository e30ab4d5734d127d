import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Group, Scalar } from '../../../src/curve/group.ts'
import { restoreImport } from '../../../src/protocol/import/index.ts'
import { restoreKeygen } from '../../../src/protocol/keygen/index.ts'
import { restoreReshare } from '../../../src/protocol/reshare/index.ts'
import type { Session } from '../../../src/protocol/session/session.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { Reader } from '../../../src/util/codec.ts'
import { groups } from '../../support/groups.ts'
import { seededRandom } from '../../support/random.ts'
import { importSessions, importTerms } from '../../support/scripted-import.ts'
import {
  generate,
  keygenOptions,
  keygenSessions,
  newParties,
  PAIR,
  reshareSessions,
  reshareTerms,
} from '../../support/sets.ts'
import { simulate } from '../../support/simulator.ts'

const { group } = groups[0]!
const random = seededRandom()

/** A part of a share that is as long as this is not there by chance. */
const WINDOW = 8

type Restore = (state: Uint8Array, group: Group) => Session<unknown>
type Result = { readonly secretShare?: Scalar } | { readonly share?: { readonly secretShare: Scalar } }

const bytes = Reader.prototype.bytes
let copies: Uint8Array[] = []
beforeEach(() => {
  Reader.prototype.bytes = function (length) {
    const copy = bytes.call(this, length)
    copies.push(copy)
    return copy
  }
})
afterEach(() => {
  Reader.prototype.bytes = bytes
})

/** The group, whose decoded scalars are watched, too. */
const watched: Group = {
  ...group,
  decodeScalar: (...args) => {
    const scalar = group.decodeScalar(...args)
    copies.push(scalar)
    return scalar
  },
}

function secretOf(result: Result): Uint8Array {
  return ('share' in result ? result.share!.secretShare : (result as { secretShare: Scalar }).secretShare).slice()
}

/** Plays two sessions, of which the second is stored after each step. @returns its last states, with the new share in them */
function statesWithShare<R extends Result>(sessions: Session<R>[], restore: (state: Uint8Array) => Session<R>) {
  const states: Uint8Array[] = []
  const [, second] = simulate(
    sessions,
    {},
    {
      afterStep(participant, session) {
        if (participant !== 2) return session
        states.push(session.export())
        return restore(states.at(-1).slice())
      },
    },
  )
  const secret = secretOf(second!.done as R)
  const found = states.filter((state) => toHex(state).includes(toHex(secret)))
  expect(found.length).toBeGreaterThan(0)
  return { states: found, secret }
}

/** Whether a copy has a part of the share, or of the share less what was read into another field. */
function holds(copy: Uint8Array, secret: Uint8Array): boolean {
  const text = toHex(copy)
  for (let at = 0; at + WINDOW <= secret.length; at++) {
    if (text.includes(toHex(secret.subarray(at, at + WINDOW)))) return true
  }
  return false
}

function expectWiped({ states, secret }: { states: Uint8Array[]; secret: Uint8Array }, restore: Restore): void {
  let refused = 0
  for (const state of states) {
    for (let at = 0; at < state.length; at++) {
      const mask = random.pick([0x01, 0x20, 0x40] as const)
      const spoilt = state.slice()
      spoilt[at]! ^= mask
      copies = []
      try {
        restore(spoilt, watched).dispose()
        continue
      } catch {
        refused++
      }
      const left = copies.filter((copy) => holds(copy, secret))
      expect({ at, mask, left: left.length }).toEqual({ at, mask, left: 0 })
    }
  }
  expect(refused).toBeGreaterThan(0)
}

describe('a stored session whose bytes are spoilt leaves nothing of the share', () => {
  test('of a key generation', () => {
    const plan = { group, threshold: 2, parties: newParties([1, 2]) }
    const restore = (state: Uint8Array, group: Group) =>
      restoreKeygen(state, { ...keygenOptions(plan, 2, random), group })
    expectWiped(
      statesWithShare(keygenSessions(plan, random), (state) => restore(state, group)),
      restore,
    )
  })

  test('of a reshare', () => {
    const plan = { group, shares: generate(group, 2, 2, random), participants: PAIR, threshold: 2 }
    const restore = (state: Uint8Array, group: Group) =>
      restoreReshare(state, { ...reshareTerms(plan, 2, random), group })
    expectWiped(
      statesWithShare(reshareSessions(plan, random), (state) => restore(state, group)),
      restore,
    )
  })

  test('of an import', () => {
    const secret = group.randomScalar(random)
    const restore = (state: Uint8Array, group: Group) =>
      restoreImport(state, { ...importTerms(group, secret, 2, random), group })
    expectWiped(
      statesWithShare(importSessions(group, secret, random), (state) => restore(state, group)),
      restore,
    )
  })
})
