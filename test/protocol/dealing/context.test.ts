import { describe, expect, test } from 'vitest'
import { type Context, contextHash } from '../../../src/protocol/dealing/context.ts'
import { createHasher } from '../../../src/protocol/transcript/transcript.ts'
import { partyId } from '../../../src/types.ts'
import { concatBytes } from '../../../src/util/bytes.ts'
import { groups } from '../../support/groups.ts'
import { seededRandom } from '../../support/random.ts'
import { generate } from '../../support/sets.ts'

describe.each(groups)('the context on $name', ({ group }) => {
  const hash = createHasher(group.curve, 'reshare')
  const { record: old } = generate(group, 2, 3, seededRandom('context'))[0]!
  const suite = group.curve === 'secp256k1' ? 1 : 2
  const context: Context = {
    protocol: 'reshare',
    group,
    walletId: new Uint8Array(16).fill(0x3a),
    old,
    purpose: 'backup',
    threshold: 2,
    participants: [
      { dealer: partyId(3) },
      { dealer: partyId(1), receiver: { id: partyId(7), role: 'server' } },
      { receiver: { id: partyId(9), role: 'custodian' } },
    ],
    flags: 0x01020304,
  }
  const participants = [Uint8Array.of(3, 0, 0), Uint8Array.of(1, 7, 2), Uint8Array.of(0, 9, 3)]

  // Suite, protocol 2, version 1, purpose 2, two receivers, threshold 2.
  test('is the hash of everything that is agreed on, the old set with all its parties among it', () => {
    const parties = old.parties.map(({ id, verifyingShare }, i) =>
      concatBytes(Uint8Array.of(id, i + 1), group.encodePoint(verifyingShare)),
    )
    const set = [old.setId, Uint8Array.of(1, 3, 2), ...parties, group.encodePoint(old.publicKey), old.chainCode]
    expect(contextHash(hash, context)).toEqual(
      hash('ctx', suite, 2, 1, context.walletId, 2, 2, 2, participants, 0x01020304, set),
    )
  })

  test('names no old set where there is none', () => {
    const { old: _, ...fresh } = context
    expect(contextHash(hash, fresh)).toEqual(
      hash('ctx', suite, 2, 1, context.walletId, 2, 2, 2, participants, 0x01020304, []),
    )
  })
})
