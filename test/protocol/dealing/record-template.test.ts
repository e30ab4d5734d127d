import { describe, expect, test } from 'vitest'
import type { Scalar } from '../../../src/curve/group.ts'
import { ProtocolError } from '../../../src/errors.ts'
import {
  type Blueprint,
  buildRecord,
  checkConfirmations,
  type RecordTemplate,
  confirmationMessage,
  readTemplate,
  wipeTemplate,
  writeTemplate,
} from '../../../src/protocol/dealing/record-template.ts'
import type { SessionEnvironment } from '../../../src/protocol/dealing/environment.ts'
import { createHasher } from '../../../src/protocol/transcript/transcript.ts'
import { partyId, type PartyId } from '../../../src/types.ts'
import { Reader, Writer } from '../../../src/util/codec.ts'
import { groups } from '../../support/groups.ts'
import { seededRandom } from '../../support/random.ts'
import { generate } from '../../support/sets.ts'
import { flip } from '../../support/simulator.ts'

describe.each(groups)('the end of a protocol on $name', ({ group }) => {
  const random = seededRandom('completion')
  const shares = generate(group, 2, 3, random)
  const { record } = shares[0]!
  const [sid, transcript] = [random(32), random(32)]
  const hash = createHasher(group.curve, 'keygen')
  const settingOf = (self: number): SessionEnvironment => ({ group, hash, context: random(32), self, random })
  const completionOf = (at: number) => {
    const { id, secretShare } = shares[at]!
    return { transcript, record, own: { id, secretShare: secretShare.slice() as Scalar } }
  }

  function abortOf(run: () => unknown): Pick<ProtocolError, 'reason' | 'round' | 'blame'> | undefined {
    try {
      run()
      return undefined
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError)
      const { reason, round, blame } = error as ProtocolError
      return { reason, round, blame }
    }
  }

  describe('a record', () => {
    const blueprint: Blueprint = {
      setId: new Uint8Array(32).fill(1),
      walletId: new Uint8Array(16).fill(2),
      purpose: 'backup',
      threshold: 2,
      parties: [1, 2].map((id) => ({ id: partyId(id), role: 'client' })),
      chainCode: new Uint8Array(32).fill(3),
    }
    const build = (constant: Scalar, slope: Scalar) =>
      buildRecord(group, group.multiplyBaseBatch([constant, slope]), blueprint, 2)
    const [one, two] = [group.scalar(1), group.scalar(2)]

    test('says who has which share of what', () => {
      const { parties, publicKey, ...rest } = build(one, two)
      const { parties: _, ...agreed } = blueprint
      expect(rest).toEqual({ ...agreed, curve: group.curve })
      expect(group.equalPoints(publicKey, group.generator)).toBe(true)
      expect(parties.map(({ id, role }) => ({ id, role }))).toEqual(blueprint.parties)
      const expected = [3, 5].map((value) => group.multiplyBase(group.scalar(value)))
      expect(group.encodePoints(parties.map(({ verifyingShare }) => verifyingShare))).toEqual(
        group.encodePoints(expected),
      )
    })

    test('is not made of a key, or a share of it, that is zero', () => {
      const nobody = { reason: 'PKSUM', round: 2, blame: [] }
      const identity = group.subtractPoints(group.generator, group.generator)
      expect(abortOf(() => buildRecord(group, [identity, group.generator], blueprint, 2))).toEqual(nobody)
      expect(abortOf(() => build(two, group.negate(one)))).toEqual(nobody)
    })
  })

  describe('a confirmation', () => {
    const confirmations = [1, 2].map((at) => ({
      from: at + 1,
      id: shares[at]!.id,
      body: confirmationMessage({ ...settingOf(at + 1), sid }, completionOf(at)),
    }))
    const check = (changed: (body: Uint8Array, from: number) => Uint8Array, about: RecordTemplate = completionOf(0)) =>
      abortOf(() =>
        checkConfirmations(
          { ...settingOf(1), sid },
          about,
          confirmations.map((one) => ({ ...one, body: changed(one.body, one.from) })),
          3,
        ),
      )
    const low = group.curve === 'ed25519' ? -32 : -1

    test('holds for all, also for one that has no share itself', () => {
      expect(check((body) => body)).toBeUndefined()
      expect(check((body) => body, { transcript, record })).toBeUndefined()
    })

    test('names everybody whose proof fails, and nobody else', () => {
      expect(check((body) => flip(body, low))).toEqual({ reason: 'POP', round: 3, blame: [2, 3] })
      expect(check((body, from) => (from === 3 ? flip(body, low) : body))).toEqual({
        reason: 'POP',
        round: 3,
        blame: [3],
      })
    })

    test('of another transcript is nobody’s fault, whatever the proofs say', () => {
      expect(check((body, from) => (from === 3 ? flip(body, 0) : flip(body, low)))).toEqual({
        reason: 'ECHO',
        round: 3,
        blame: [],
      })
    })

    test('has one length', () => {
      const blame = (body: Uint8Array, from: number) => (from === 2 ? body.slice(1) : body)
      expect(check(blame)).toEqual({ reason: 'FORMAT', round: 3, blame: [2] })
    })

    test.each([
      ['chain code', { ...record, chainCode: flip(record.chainCode, 0) }],
      ['public key', { ...record, publicKey: group.generator }],
    ])('is of this %s only', (_, other) => {
      expect(check((body) => body, { transcript, record: other })).toMatchObject({ reason: 'POP' })
    })
  })

  test.each<[string, () => RecordTemplate | undefined]>([
    ['with a share', () => completionOf(1)],
    ['without a share', () => ({ transcript, record })],
    ['that is not there yet', () => undefined],
  ])('a completion %s is read back as it was written', (_, make) => {
    const write = (completion: RecordTemplate | undefined): Uint8Array => {
      const writer = new Writer()
      writeTemplate(group, writer, completion)
      return writer.finish()
    }
    const bytes = write(make())
    const reader = new Reader(bytes)
    const read = readTemplate(group, reader)
    reader.end()
    expect(write(read)).toEqual(bytes)
    expect([read === undefined, read?.own?.id]).toEqual([make() === undefined, make()?.own?.id])
  })

  test('a wiped completion has no share', () => {
    const completion = completionOf(0)
    wipeTemplate(completion)
    expect(group.isZero(completion.own.secretShare)).toBe(true)
    for (const nothing of [undefined, { transcript, record }]) expect(() => wipeTemplate(nothing)).not.toThrow()
  })

  test('a confirmation of a party that the record lacks is not made', () => {
    const stranger = { ...completionOf(0), own: { id: 9 as PartyId, secretShare: group.scalar(1) } }
    expect(() => confirmationMessage({ ...settingOf(1), sid }, stranger)).toThrow()
  })
})
