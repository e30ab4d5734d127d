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
  server.receive(request[0]!)
  const response = server.advance().out
  for (const envelope of response) client.receive(envelope)
  const signature = client.advance().done?.signature
  expect([...request, ...response, signature!].map(toHex)).toMatchInlineSnapshot(`
    [
      "010302010100f5abdfb00f37df90a30564605b96c07c009165a27b8614a201533d28fb0f2fc400000040b6ef076402678124154545fe3a466ff60a0c5865c224f275ca82c07000644161e746ad1ea04b2b79cc10bc7a715bbc889a0f3494faf9ddf4e0e8f48528cdc47a",
      "010302010200f5abdfb00f37df90a30564605b96c07c009165a27b8614a201533d28fb0f2fc4000000405c7966956be6f3ab104b627912f8ad4461b84f3224b7aa3915c2c96ec6c2707636f5c26da809213d8208c3d8d7f9efbf7620b901aab4fb4b39663fd6576cf3c5",
      "0103020202011daedd72fd2723857b23f364b57a5f9982fb27d5a037b13a9c63169476d4afe2000000207e805dfdb25221ee996ab07fa2be54e15434a107f28dd78e049a9016d64e7301",
      "35680c9fb4318401559f1e31b02e360bb6f29f983fed99fc6521e17e9a2a8a3751e33e9a749b5d805c53ac8d5c7272067e5795a867b74bfe493adb1d94500208",
    ]
  `)
})
