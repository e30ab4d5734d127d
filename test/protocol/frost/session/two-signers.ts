import { expect } from 'vitest'
import { createSigning, type SigningOptions } from '../../../../src/protocol/frost/session.ts'
import { type FrostSuite, publicBytes } from '../../../../src/protocol/frost/suites.ts'
import { verifySignature } from '../../../../src/protocol/frost/verify.ts'
import type { KeyShare } from '../../../../src/key-share/types.ts'
import { partyId, type PartyId } from '../../../../src/types.ts'
import type { RandomSource } from '../../../../src/util/random.ts'
import { deal, keyShares } from '../support.ts'
import type { Signing } from './run.ts'

export const [CLIENT, SERVER] = [partyId(1), partyId(2)]

/** A set of two and a message, and the sessions in which a client and a server sign it. */
export function twoSigners(suite: FrostSuite, random: RandomSource) {
  const { group } = suite
  const message = random(32)
  const pair = deal(group, 2, 2, random)
  const pairShares = keyShares(group, pair)

  const options = (shares: ReadonlyMap<PartyId, KeyShare>, id: number, rest: Partial<SigningOptions> = {}) => ({
    scheme: suite.name,
    group,
    share: shares.get(partyId(id))!,
    signers: [...shares.keys()],
    message,
    random,
    ...rest,
  })
  const clientServer = (rest: Partial<SigningOptions> = {}): [Signing, Signing] => [
    createSigning(options(pairShares, CLIENT, { aggregator: CLIENT, ...rest })),
    createSigning(options(pairShares, SERVER, { aggregator: CLIENT, ...rest })),
  ]
  const verifies = (publicKey = pair.publicKey, signature: Uint8Array | undefined, text = message): boolean =>
    signature !== undefined && verifySignature(suite, publicBytes(suite, group.encodePoint(publicKey)), text, signature)

  /** The client's request and the server's response. */
  function exchange(client: Signing, server: Signing) {
    const request = client.start().out
    const opening = server.start().out
    for (const envelope of request) expect(server.receive(envelope)).toBe('accepted')
    const { out, done } = server.advance()
    return { request, response: [...opening, ...out], server: done }
  }

  return { group, message, pair, pairShares, options, clientServer, verifies, exchange }
}
