import { describe, expect, test } from 'vitest'
import { generateKeyPair, keyPairOf } from '../../src/hpke/x25519.ts'
import { stableKeyPair } from '../../src/hpke/agree.ts'
import { setupAuthReceiver, setupAuthSender } from '../../src/hpke/auth.ts'
import { hpkeOpen, hpkeSeal, sealBy } from '../../src/hpke/base.ts'
import { openContext } from '../../src/hpke/key-schedule.ts'
import { deriveShare } from '../../src/protocol/derive/derived-share.ts'
import { type ExportTerms, generateReceiver, proveExport, releaseShare } from '../../src/protocol/export/index.ts'
import { createSigning } from '../../src/protocol/frost/session.ts'
import { provePossession } from '../../src/protocol/possession/index.ts'
import { createReshare } from '../../src/protocol/reshare/index.ts'
import {
  combineShares,
  encodeKeyShare,
  encodeWalletShares,
  type KeyShare,
  wipeKeyShare,
} from '../../src/key-share/index.ts'
import { partyId } from '../../src/types.ts'
import { groups } from '../support/groups.ts'
import { seededRandom } from '../support/random.ts'
import { generate, PAIR } from '../support/sets.ts'

// A secret that was wiped is zeros, which arithmetic takes like any other number: what was computed with it would look like
// a signature, a proof, a share or a key, and say what it hides otherwise.

describe.each(groups)('a wiped share on $name', ({ group }) => {
  const random = seededRandom('disposed')
  const [share, other] = generate(group, 2, 2, random) as [KeyShare, KeyShare]
  const { record } = share
  const wiped = { ...share, secretShare: share.secretShare.slice() as KeyShare['secretShare'] }
  wipeKeyShare(wiped)
  const terms = (own: KeyShare, from: KeyShare): ExportTerms => ({
    group,
    record,
    from: from.id,
    to: own.id,
    receiver: generateReceiver({ share: own, operation: new Uint8Array(16), random }).publicKey,
    operation: new Uint8Array(16),
  })
  const challenge = random(32)
  const unused = () => {
    throw new Error('randomness was drawn')
  }

  test.each<[string, (share: KeyShare) => unknown]>([
    ['encoded', (own) => encodeKeyShare(group, own)],
    ['encoded with those of other curves', (own) => encodeWalletShares(() => group, combineShares([own]))],
    [
      'signed with',
      (own) =>
        createSigning({
          scheme: group.curve,
          group,
          share: own,
          signers: [1, 2].map(partyId),
          message: new Uint8Array(1),
          random: unused,
        }),
    ],
    [
      'dealt',
      (own) =>
        createReshare({
          group,
          old: record,
          purpose: 'backup',
          threshold: 2,
          participants: PAIR,
          self: 1,
          share: own,
          random: unused,
        }),
    ],
    [
      'proven to be held',
      (own) => provePossession({ group, share: own, verifier: other.id, nonce: challenge, random: () => random(32) }),
    ],
    ['exported to', (own) => generateReceiver({ share: own, operation: new Uint8Array(16), random })],
    ['asked with', (own) => proveExport(terms(share, other), { share: own, challenge, random })],
    [
      'exported',
      (own) => {
        const asked = terms(other, share)
        const proof = proveExport(asked, { share: other, challenge, random })
        return releaseShare(asked, { share: own, challenge, proof, random })
      },
    ],
    ['derived from', (own) => deriveShare(group, own, { tweak: group.scalar(5) })],
    ['derived from, negated', (own) => deriveShare(group, own, { negated: true, tweak: group.scalar(5) })],
  ])('is not %s', (_, use) => {
    expect(() => use(wiped)).toThrow(new TypeError('the share was wiped'))
    expect(() => use(share)).not.toThrow()
  })
})

describe('a wiped X25519 key', () => {
  const random = seededRandom('disposed keys')
  const [receiver, sender] = [generateKeyPair(random), generateKeyPair(random)]
  const wiped = { ...generateKeyPair(random), secretKey: new Uint8Array(32) }
  const purpose = { info: new Uint8Array(1), aad: new Uint8Array(1) }
  const refusal = new TypeError('the secret key was wiped')

  test('has no public key, and opens and seals nothing', async () => {
    expect(() => keyPairOf(wiped.secretKey)).toThrow(refusal)
    await expect(stableKeyPair(wiped.secretKey)).rejects.toThrow(refusal)
    const sealed = hpkeSeal(receiver.publicKey, purpose, new Uint8Array(9), random)
    expect(() => hpkeOpen(wiped, purpose, sealed)).toThrow(refusal)
    expect(() => sealBy(wiped, receiver.publicKey, purpose, new Uint8Array(9))).toThrow(refusal)
    const info = new Uint8Array(1)
    await expect(setupAuthSender(receiver.publicKey, wiped, sender, info)).rejects.toThrow(refusal)
    await expect(setupAuthSender(receiver.publicKey, sender, wiped, info)).rejects.toThrow(refusal)
    await expect(setupAuthReceiver(wiped, sender.publicKey, receiver.publicKey, info)).rejects.toThrow(refusal)
  })

  test('a wiped context seals, opens and exports nothing', () => {
    const empty = new Uint8Array()
    const open = () => openContext('base', random(32), empty, empty)
    const sealed = open().seal(empty, empty)
    const context = open()
    context.wipe()
    for (const use of [
      () => context.seal(empty, empty),
      () => context.open(empty, sealed),
      () => context.export(empty, 32),
    ]) {
      expect(use).toThrow(new TypeError('the HPKE context was wiped'))
    }
    expect(() => context.wipe()).not.toThrow()
  })

  test('a context seals one message: it has one nonce', () => {
    const context = openContext('base', random(32), new Uint8Array(), new Uint8Array())
    context.seal(new Uint8Array(), new Uint8Array(3))
    expect(() => context.seal(new Uint8Array(), new Uint8Array(3))).toThrow('one message')
  })
})
