import { describe, expect, test } from 'vitest'

import { decodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import { wasmEcdsa } from '../../../../src/protocol/ecdsa/ot/backend.ts'
import type { EcdsaResult } from '../../../../src/protocol/ecdsa/signing/signing-machine.ts'
import type { Session } from '../../../../src/protocol/session/session.ts'
import { toHex } from '../../../../src/util/bytes.ts'
import type { RandomSource } from '../../../../src/util/random.ts'
import { seededRandom } from '../../../support/random.ts'
import { type Holder, holders, ids, preprocessingSessions, randomDigest, signingSessions } from '../support.ts'

// What a source that repeats gives away: nothing of who moves second, nothing of a preprocessing.

const backend = wasmEcdsa()
const [CLIENT, SERVER] = ids(1, 2)
const constant: RandomSource = (length) => new Uint8Array(length).fill(0x42)

/** What a participant sends, bodies in hex by round and place in it, where the second one begins with the first's message. */
function sentBy(participant: number, [client, server]: readonly Session<EcdsaResult>[]): Map<string, string> {
  const sent = new Map<string, string>()
  const note = (from: number, out: readonly Uint8Array[]): readonly Uint8Array[] => {
    for (const bytes of from === participant ? out : []) {
      const { round, to, body } = decodeEnvelope(bytes)
      sent.set(`${round}${to === 0 ? '' : ' direct'}`, toHex(body))
    }
    return out
  }
  let step = client!.start()
  for (let request = 1; step.done === undefined; request++) {
    for (const bytes of note(1, step.out)) server!.receive(bytes)
    const response = server!.advance()
    for (const bytes of note(2, response.out)) client!.receive(bytes)
    step = client!.advance()
    if (request > 3) throw new Error('the protocol did not finish')
  }
  note(1, step.out)
  return sent
}

/** The keys under which two transcripts hold the same. */
function repeated(first: Map<string, string>, second: Map<string, string>): string[] {
  expect([...first.keys()]).toEqual([...second.keys()])
  return [...first.keys()].filter((key) => first.get(key) === second.get(key))
}

describe('a source that repeats', () => {
  const honest = seededRandom('honest')
  const sign = (set: readonly Holder[], id: typeof SERVER, digest = randomDigest(seededRandom('one digest'))) =>
    signingSessions(backend, set, digest, honest, (self) => (self === id ? { random: constant } : {}))

  test('does not repeat anything of a signer that moves second, with an honest one that does not repeat', () => {
    const set = holders(backend, 2, 2, seededRandom())
    expect(repeated(sentBy(2, sign(set, SERVER)), sentBy(2, sign(set, SERVER)))).toEqual([])
  })

  test('repeats the first message of who moves first, whole, on the same digest', () => {
    const set = holders(backend, 2, 2, seededRandom())
    expect(repeated(sentBy(1, sign(set, CLIENT)), sentBy(1, sign(set, CLIENT)))).toEqual(['1', '1 direct', '3'])
  })

  test('repeats nothing on another digest', () => {
    const set = holders(backend, 2, 2, seededRandom())
    const other = randomDigest(seededRandom('another digest'))
    expect(repeated(sentBy(1, sign(set, CLIENT)), sentBy(1, sign(set, CLIENT, other)))).toEqual([])
  })

  test.each([
    ['first', 1, ['1']],
    ['second', 2, []],
  ] as const)('repeats of a preprocessing nothing but the greeting, of who moves %s', (_, participant, expected) => {
    const set = holders(backend, 2, 2, seededRandom())
    const sessions = () =>
      preprocessingSessions(backend, set, honest, (id) =>
        id === set[participant - 1]!.share.id ? { random: constant } : {},
      )
    expect(repeated(sentBy(participant, sessions()), sentBy(participant, sessions()))).toEqual(expected)
  })

  /** A peer's source that repeats for some draws, as its greeting needs, and then gives something else each time. */
  function repeatingAtFirst(draws: number): RandomSource {
    let drawn = 0
    return (length) => (drawn++ < draws ? constant(length) : honest(length))
  }

  // v is one equation of the two inputs and their mask; three of the same inputs give them away, and γ_x then the share.
  test('multiplies nothing twice for a peer that repeats all but its extension', () => {
    const set = holders(backend, 2, 2, seededRandom())
    const [digest, SESSION_AND_NONCES] = [randomDigest(seededRandom('one digest')), 4]
    const attempt = () => {
      const server = repeatingAtFirst(SESSION_AND_NONCES)
      const sessions = signingSessions(backend, set, digest, honest, (id) => ({
        random: id === CLIENT ? constant : server,
      }))
      return sentBy(1, sessions)
    }
    const [first, second] = [attempt(), attempt()]
    expect(repeated(first, second)).toEqual(['1', '1 direct', '3'])
    // γ_x = x_1 − α_x, with the same x_1.
    expect(first.get('3 direct')!.slice(64, 128)).not.toBe(second.get('3 direct')!.slice(64, 128))
  })

  test('preprocesses nothing twice for a peer that repeats its greeting', () => {
    const set = holders(backend, 2, 2, seededRandom())
    const attempt = () => {
      const server = repeatingAtFirst(1)
      return sentBy(
        1,
        preprocessingSessions(backend, set, honest, (id) => ({ random: id === CLIENT ? constant : server })),
      )
    }
    expect(repeated(attempt(), attempt())).toEqual(['1'])
  })
})
