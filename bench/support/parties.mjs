// @ts-check
// The protocols between a client and a server in one process.
import { getGroup } from '../../dist/curve/index.js'
import { createSigning } from '../../dist/protocol/frost/session.js'
import { createKeygen } from '../../dist/protocol/keygen/index.js'
import { createReshare } from '../../dist/protocol/reshare/index.js'
import { partyId } from '../../dist/types.js'
import { systemRandom as random } from '../../dist/util/random.js'
import { duel } from './duel.mjs'

/**
 * @typedef {import('../../dist/key-share/types.js').KeyShare} KeyShare
 * @typedef {import('../../dist/types.js').Curve} Curve
 * @typedef {import('../../dist/types.js').Purpose} Purpose
 * @typedef {'ed25519' | 'bip340'} Scheme
 * @typedef {[KeyShare, KeyShare]} Shares of the client and of the server
 */

export const IDS = [partyId(1), partyId(2)]
const CLIENT = IDS[0] ?? partyId(1)

/** Those of a share set; the other half of a backup is the custodian's. @param {Purpose} purpose */
const partiesOf = (purpose) =>
  IDS.map((id, i) => {
    /** @type {import('../../dist/types.js').Role} */
    const other = purpose === 'signing' ? 'server' : 'custodian'
    return { id, role: i === 0 ? /** @type {const} */ ('client') : other }
  })

/** @template Session @param {(place: number) => Session} create @returns {[() => Session, () => Session]} */
const both = (create) => [() => create(0), () => create(1)]

/** @param {Curve} curve @param {Purpose} [purpose] @param {Uint8Array} [walletId] */
export function keygenSessions(curve, purpose = 'signing', walletId = random(16)) {
  const parties = partiesOf(purpose)
  return both((place) =>
    createKeygen({
      group: getGroup(curve),
      walletId,
      purpose,
      threshold: 2,
      parties,
      self: IDS[place] ?? CLIENT,
      random,
    }),
  )
}

/** @param {Curve} curve @param {Purpose} [purpose] @param {Uint8Array} [walletId] */
export function keygen(curve, purpose, walletId) {
  return /** @type {Shares} */ (duel(keygenSessions(curve, purpose, walletId)).results)
}

/** A new signing set of the same key. @param {Shares} shares */
export function reshareSessions(shares) {
  const participants = partiesOf('signing').map((receiver) => ({ dealer: receiver.id, receiver }))
  return both((place) => {
    const share = /** @type {KeyShare} */ (shares[place])
    return createReshare({
      group: getGroup(share.record.curve),
      old: share.record,
      purpose: 'signing',
      threshold: 2,
      participants,
      self: place + 1,
      share,
      random,
    })
  })
}

/** @param {Scheme} scheme @param {Shares} shares @param {Uint8Array} message */
export function signingSessions(scheme, shares, message) {
  return both((place) => signingSession(scheme, /** @type {KeyShare} */ (shares[place]), message))
}

/** @param {Scheme} scheme @param {KeyShare} share @param {Uint8Array} message */
export function signingSession(scheme, share, message, group = getGroup(share.record.curve)) {
  return createSigning({ scheme, group, share, signers: IDS, aggregator: CLIENT, message, random })
}

/** What a duel took both parties, in milliseconds. @param {import('./duel.mjs').Duel} duel */
export const computeOf = ({ compute }) => compute.reduce((sum, time) => sum + time, 0)
