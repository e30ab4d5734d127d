import { describe, expect, test } from 'vitest'
import type { Group, Scalar } from '../../../src/curve/group.ts'
import { type AbortReason, ProtocolError } from '../../../src/errors.ts'
import { hpkeSeal } from '../../../src/hpke/base.ts'
import { generateKeyPair } from '../../../src/hpke/x25519.ts'
import {
  type ExportTerms,
  proveExport,
  receiveShare,
  recombineKey,
  releaseShare,
} from '../../../src/protocol/export/index.ts'
import { newChallenge, provePossession } from '../../../src/protocol/possession/index.ts'
import type { KeyShare } from '../../../src/key-share/index.ts'
import { partyId } from '../../../src/types.ts'
import { CodecError } from '../../../src/util/codec.ts'
import { concatBytes, fromHex, utf8 } from '../../../src/util/bytes.ts'
import { createHasher } from '../../../src/util/tagged-hash.ts'
import { groups } from '../../support/groups.ts'
import { seededRandom } from '../../support/random.ts'
import { generate, keyOf, PAIR, reshare } from '../../support/sets.ts'
import { flip } from '../../support/simulator.ts'

const [CLIENT, SERVER, THIRD] = [partyId(1), partyId(2), partyId(3)]

describe.each(groups)('export on $name', ({ group }) => {
  function setup() {
    const random = seededRandom()
    const shares = generate(group, 2, 3, random) as [KeyShare, KeyShare, KeyShare]
    const [own, other] = shares
    const keyPair = generateKeyPair(random)
    const terms: ExportTerms = {
      group,
      record: own.record,
      from: SERVER,
      to: CLIENT,
      receiver: keyPair.publicKey,
      operation: random(16),
    }
    const challenge = newChallenge(random, random(16))
    const proof = proveExport(terms, { share: own, challenge, random })
    const release = (
      changed: Partial<ExportTerms> = {},
      options: Partial<Parameters<typeof releaseShare>[1]> = {},
    ): Uint8Array => releaseShare({ ...terms, ...changed }, { share: other, challenge, proof, random, ...options })
    return { random, shares, own, other, keyPair, terms, challenge, proof, release }
  }

  function reasonOf(work: () => unknown, blamed = SERVER): AbortReason | undefined {
    try {
      work()
      return undefined
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError)
      const { reason, round, blame } = error as ProtocolError
      // The sender of a share is blamed for the share, its receiver for its proof of possession, nobody for the sum.
      if (round === 2) expect(blame).toEqual(reason === 'PKSUM' ? [] : [blamed])
      return reason
    }
  }

  test('the receiver gets the share, and with its own the key', () => {
    const { shares, own, other, keyPair, terms, release } = setup()
    const sealed = release()
    expect(sealed.length).toBe(32 + 32 + 16)
    const received = receiveShare(terms, keyPair, sealed)
    expect(received).toEqual({ id: SERVER, value: other.secretShare })
    const key = recombineKey(group, own.record, [{ id: own.id, value: own.secretShare }, received])
    expect(key).toEqual(keyOf(group, shares))
    expect(group.equalPoints(group.multiplyBase(key), own.record.publicKey)).toBe(true)
  })

  test('the share leaves for a proof of the receiving share alone, over these very terms', () => {
    const { random, shares, own, other, terms, challenge, release } = setup()
    const stranger = { ...own, secretShare: other.secretShare }
    const foreign = proveExport(terms, { share: stranger, challenge, random })
    expect(reasonOf(() => release({}, { proof: foreign }))).toBe('POP')
    expect(reasonOf(() => release({}, { proof: new Uint8Array(7) }))).toBe('FORMAT')
    expect(reasonOf(() => release({}, { challenge: newChallenge(random, random(16)) }))).toBe('POP')
    expect(reasonOf(() => release({ receiver: generateKeyPair(random).publicKey }))).toBe('POP')
    expect(reasonOf(() => release({ operation: random(16) }))).toBe('POP')
    expect(reasonOf(() => release({ to: THIRD }))).toBe('POP')
    expect(reasonOf(() => release({ from: THIRD }, { share: shares[2] }))).toBe('POP')
    const { record } = own
    expect(reasonOf(() => release({ record: { ...record, setId: flip(record.setId, 0) } }))).toBe('POP')
    expect(reasonOf(() => release({ record: { ...record, walletId: flip(record.walletId, 0) } }))).toBe('POP')
    const [, sibling] = reshare({ group, shares, participants: PAIR, threshold: 2, purpose: 'signing' }, random)
    expect(reasonOf(() => release({ record: sibling!.record }, { share: sibling! }))).toBe('POP')
  })

  test('a proof that was given for something else does not serve, whoever chose its nonce', () => {
    const { random, own, terms, challenge, release } = setup()
    // What an export's proof responds to: as a challenge of their own it would be sent by whoever plays a verifier.
    const { record, from, to, operation, receiver } = terms
    const hash = createHasher(group.curve, 'operation')
    const nonce = hash('export', challenge, operation, record.walletId, record.setId, from, to, receiver)
    const proofFor = (use: 'proof' | 'export') =>
      provePossession({ group, share: own, verifier: SERVER, nonce, use, random })
    expect(reasonOf(() => release({}, { proof: proofFor('export') }))).toBeUndefined()
    expect(reasonOf(() => release({}, { proof: proofFor('proof') }))).toBe('POP')
  })

  test('nothing is sealed to a key of small order', () => {
    const { random, own, terms, challenge, release } = setup()
    const receiver = fromHex(`01${'00'.repeat(31)}`)
    const proof = proveExport({ ...terms, receiver }, { share: own, challenge, random })
    expect(() => release({ receiver }, { proof })).toThrow(CodecError)
  })

  test('what is tampered with, or sealed to other terms, does not open', () => {
    const { random, keyPair, terms, release } = setup()
    const sealed = release()
    const open = (changed: Partial<ExportTerms>, bytes = sealed) =>
      reasonOf(() => receiveShare({ ...terms, ...changed }, keyPair, bytes), changed.from)
    expect(open({})).toBeUndefined()
    for (const at of [0, 32, 63, 64, 79]) expect(open({}, flip(sealed, at))).toBe('FORMAT')
    expect(open({}, sealed.slice(0, -1))).toBe('FORMAT')
    expect(open({ operation: random(16) })).toBe('FORMAT')
    const { record } = terms
    expect(open({ record: { ...record, setId: flip(record.setId, 0) } })).toBe('FORMAT')
    expect(open({ record: { ...record, walletId: flip(record.walletId, 0) } })).toBe('FORMAT')
    expect(open({ from: THIRD })).toBe('FORMAT')
    expect(open({ to: THIRD })).toBe('FORMAT')
    const curve = group.curve === 'ed25519' ? 'secp256k1' : 'ed25519'
    expect(open({ group: { ...group, curve } })).toBe('FORMAT')
    expect(reasonOf(() => receiveShare(terms, generateKeyPair(random), sealed))).toBe('FORMAT')
  })

  test('another share than the promised one is caught', () => {
    const { random, other, keyPair, terms, release } = setup()
    const wrong = { ...other, secretShare: group.add(other.secretShare, group.scalar(1)) }
    expect(reasonOf(() => receiveShare(terms, keyPair, release({}, { share: wrong })))).toBe('FELDMAN')
    for (const bytes of [new Uint8Array(32).fill(0xff), new Uint8Array(31).fill(1)]) {
      const bad = { ...other, secretShare: bytes as Scalar }
      expect(reasonOf(() => receiveShare(terms, keyPair, release({}, { share: bad })))).toBe('FORMAT')
    }
    // Zero is no share, and nobody who plays by the rules seals it.
    const { walletId, setId } = other.record
    const purpose = {
      info: utf8(`reshare/v1/${group.curve}/operation/export`),
      aad: concatBytes(terms.operation, walletId, setId, Uint8Array.of(SERVER, CLIENT)),
    }
    const zero = hpkeSeal(keyPair.publicKey, purpose, new Uint8Array(32), random)
    expect(reasonOf(() => receiveShare(terms, keyPair, zero))).toBe('FORMAT')
    const own = hpkeSeal(keyPair.publicKey, purpose, other.secretShare, random)
    expect(receiveShare(terms, keyPair, own).value).toEqual(other.secretShare)
  })

  test('a share of a party that the record lacks is not taken', () => {
    const { own, keyPair, terms, release } = setup()
    const parties = own.record.parties.filter(({ id }) => id !== SERVER)
    expect(reasonOf(() => receiveShare({ ...terms, record: { ...own.record, parties } }, keyPair, release()))).toBe(
      'FELDMAN',
    )
  })

  test('what was opened leaves no copy, and an error of the group is nobody’s fault', () => {
    const { keyPair, terms, release } = setup()
    const opened: Uint8Array[] = []
    const watched: Group = {
      ...group,
      decodeScalar: (bytes, options) => {
        opened.push(bytes)
        return group.decodeScalar(bytes, options)
      },
    }
    receiveShare({ ...terms, group: watched }, keyPair, release())
    expect(opened.map((bytes) => bytes.every((byte) => byte === 0))).toEqual([true])
    const fault = new TypeError('another error')
    const decodeScalar = () => {
      throw fault
    }
    expect(() => receiveShare({ ...terms, group: { ...group, decodeScalar } }, keyPair, release())).toThrow(fault)
  })

  test('the wrong party’s share is not handed out', () => {
    const { shares, release } = setup()
    expect(() => release({}, { share: shares[2] })).toThrow(RangeError)
  })

  test('shares that do not make the key make nothing', () => {
    const { own, other } = setup()
    const values = [own, other].map(({ id, secretShare }) => ({ id, value: secretShare }))
    const wrong = [values[0]!, { ...values[1]!, value: group.add(other.secretShare, group.scalar(1)) }]
    expect(reasonOf(() => recombineKey(group, own.record, wrong))).toBe('PKSUM')
    expect(() => recombineKey(group, own.record, values.slice(1))).toThrow(RangeError)
  })

  test('wrong arguments', () => {
    const { random, own, terms, challenge } = setup()
    const prove = (changed: Partial<ExportTerms>, bytes = challenge) =>
      proveExport({ ...terms, ...changed }, { share: own, challenge: bytes, random })
    expect(() => prove({}, challenge.slice(1))).toThrow(RangeError)
    expect(() => prove({ operation: random(15) })).toThrow(RangeError)
    expect(() => prove({ from: partyId(9) })).toThrow(RangeError)
  })
})
