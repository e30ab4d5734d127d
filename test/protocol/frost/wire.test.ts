import { expect, test } from 'vitest'

import { createSigning } from '../../../src/protocol/frost/session.ts'
import { partyId } from '../../../src/types.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import { groups } from '../../support/groups.ts'
import { deal, keyShares } from './support.ts'

/** Bytes that only depend on how many were drawn before. */
function counting(start: number) {
  let next = start
  return (length: number) => Uint8Array.from({ length }, () => next++ & 0xff)
}

const ed25519 = groups.filter(({ group }) => group.curve === 'ed25519')

// Pinned: a change of these bytes is a change of the wire format and wants a new version byte.
test.each(ed25519)('the envelopes of a client and a server are the documented bytes: $name', ({ group }) => {
  const shares = keyShares(group, deal(group, 2, 2, counting(1)))
  const [client, server] = [partyId(1), partyId(2)].map((id) =>
    createSigning({
      scheme: 'ed25519',
      group,
      share: shares.get(id)!,
      signers: [partyId(1), partyId(2)],
      aggregator: partyId(1),
      message: utf8('reshare'),
      random: counting(100 * id),
    }),
  ) as [ReturnType<typeof createSigning>, ReturnType<typeof createSigning>]
  const request = client.start().out
  const opening = server.start().out
  server.receive(request[0]!)
  const answer = [...opening, ...server.advance().out]
  for (const envelope of answer) client.receive(envelope)
  const signature = client.advance().done?.signature
  expect([...request, ...answer, signature!].map(toHex)).toMatchInlineSnapshot(`
    [
      "010302010100f9748900d4f50e329268e8b276f7b7a604325309f07b40b669ac5e6f7507541d0000004019e1aa4e732328bdcf28063473adb190c8dab3343554735429ed79dc2e7c6f6efe61997850ed5134d94b43f30d5f617f7464015525a669029118bc5480c0b009",
      "010302010200f9748900d4f50e329268e8b276f7b7a604325309f07b40b669ac5e6f7507541d00000040d0ac562240e466b2d14c03fc3640756438f4bd756a076bb400c6193355d12f8ca675f020ec1cccc09805b8a37d7e82f6cb54e0400c0e00f1be60676a629f9f66",
      "010302020201929d498511901e2330383edcfd1e2ca8c3a458b23fcbaf1aaa35e878db55cafa000000206d466d40705100a3cfbf7ba2465860755cbaa81b9d6143b06bf927b12f95440f",
      "56147726fd1dfb607376f53902a8e8a6830cb293ffade00c486e19bc981969c173e1e5f62d838b7a3c71ea3fcd2b1aeb00a702551f2642152170d06e1343f500",
    ]
  `)
})
