// @ts-check
// Each protocol between two parties in one process: compute by party, messages, bytes.
import { getGroup } from '../../dist/curve/index.js'
import { createSigning } from '../../dist/protocol/frost/session.js'
import { createKeygen } from '../../dist/protocol/keygen/index.js'
import { createReshare } from '../../dist/protocol/reshare/index.js'
import { partyId } from '../../dist/types.js'
import { systemRandom as random } from '../../dist/util/random.js'
import { duel } from '../support/duel.mjs'
import { summary, table } from '../support/statistics.mjs'

const WARM_UP = 400
const RUNS = 400
const IDS = [partyId(1), partyId(2)]

/** @typedef {import('../../dist/share/types.js').KeyShare} KeyShare */

/** Puts the protocols side by side, one run of each in turn. */
export function run() {
  const protocols = [...protocolsOn('ed25519', 'ed25519'), ...protocolsOn('secp256k1', 'bip340')]
  const samples = protocols.map(() => /** @type {import('../support/duel.mjs').Duel[]} */ ([]))
  for (let i = 0; i < WARM_UP + RUNS; i++) {
    for (const [at, { play }] of protocols.entries()) {
      const result = play()
      if (i >= WARM_UP) samples[at]?.push(result)
    }
  }
  return protocols.map(({ name }, at) => describe(name, samples[at] ?? []))
}

/** @param {readonly ReturnType<typeof describe>[]} rows */
export function print(rows) {
  const header = ['protocol', 'client ms', 'server ms', 'both ms', 'messages', 'bytes client', 'bytes server']
  const cells = rows.map(({ name, client, server, both, messages, bytes }) => [
    name,
    client.median.toFixed(3),
    server.median.toFixed(3),
    both.median.toFixed(3),
    messages.join('+'),
    String(bytes[0]),
    String(bytes[1]),
  ])
  return table([header, ...cells])
}

/** @param {string} name @param {readonly import('../support/duel.mjs').Duel[]} duels */
function describe(name, duels) {
  const of = (/** @type {number} */ party) => duels.map(({ compute }) => compute[party] ?? 0)
  const both = duels.map(({ compute }) => (compute[0] ?? 0) + (compute[1] ?? 0))
  const { messages = [], bytes = [] } = duels[0] ?? {}
  return { name, client: summary(of(0)), server: summary(of(1)), both: summary(both), messages, bytes }
}

/** @param {'ed25519' | 'secp256k1'} curve @param {'ed25519' | 'bip340'} scheme */
function protocolsOn(curve, scheme) {
  const group = getGroup(curve)
  const parties = IDS.map((id, i) => ({ id, role: /** @type {const} */ (['client', 'server'])[i] ?? 'server' }))
  const walletId = random(16)
  const keygen = () =>
    duel(
      [0, 1].map(
        (i) => () =>
          createKeygen({
            group,
            walletId,
            purpose: 'signing',
            threshold: 2,
            parties,
            self: parties[i]?.id ?? partyId(1),
            random,
          }),
      ),
    )
  const shares = /** @type {KeyShare[]} */ (keygen().results)
  const reshare = () =>
    duel(
      [0, 1].map((i) => () => {
        const share = /** @type {KeyShare} */ (shares[i])
        const participants = parties.map((receiver) => ({ dealer: receiver.id, receiver }))
        return createReshare({
          group,
          old: share.record,
          purpose: 'signing',
          threshold: 2,
          participants,
          self: i + 1,
          share,
          random,
        })
      }),
    )
  const message = random(32)
  const sign = () =>
    duel(
      [0, 1].map(
        (i) => () =>
          createSigning({
            scheme,
            group,
            share: /** @type {KeyShare} */ (shares[i]),
            signers: IDS,
            aggregator: partyId(1),
            message,
            random,
          }),
      ),
    )
  return [
    { name: `key generation, ${curve}`, play: keygen },
    { name: `reshare 2 of 2, ${curve}`, play: reshare },
    { name: `FROST signature, ${scheme}`, play: sign },
  ]
}
