// @ts-check
// Two-party FROST with everything around it, both parties in one process, against the FROST of @noble/curves, which has
// no messages to encode, no transcript and no confirmation.
import { ed25519_FROST } from '@noble/curves/ed25519.js'
import { schnorr_FROST } from '@noble/curves/secp256k1.js'
import { systemRandom as random } from '../../dist/util/random.js'
import { duel } from '../support/duel.mjs'
import { panelsOf, play, printMatches } from '../support/match.mjs'
import { keygen, keygenSessions, signingSessions } from '../support/parties.mjs'

export const title = 'FROST'
export const caption = 'time of both parties over that of reshare'

const OPERATIONS = [
  { key: 'ed25519.keygen', title: 'key generation, ed25519' },
  { key: 'ed25519.sign', title: 'signature, ed25519' },
  { key: 'bip340.keygen', title: 'key generation, secp256k1' },
  { key: 'bip340.sign', title: 'signature, bip340' },
]

const message = random(32)

/** @type {import('../support/match.mjs').Library} */
const ours = {
  name: 'reshare',
  operations: async () => {
    const shares = { ed25519: keygen('ed25519'), bip340: keygen('secp256k1') }
    return {
      'ed25519.keygen': { differs: true, run: () => duel(keygenSessions('ed25519')) },
      'ed25519.sign': { differs: true, run: () => duel(signingSessions('ed25519', shares.ed25519, message)) },
      'bip340.keygen': { differs: true, run: () => duel(keygenSessions('secp256k1')) },
      'bip340.sign': { differs: true, run: () => duel(signingSessions('bip340', shares.bip340, message)) },
    }
  },
}

/** @type {import('../support/match.mjs').Library} */
const noble = {
  name: '@noble/curves',
  operations: async () => ({ ...ways('ed25519', ed25519_FROST), ...ways('bip340', schnorr_FROST) }),
}

/** @param {import('../support/context.mjs').Context} context */
export function run({ inputs, pace }) {
  return play(OPERATIONS, [ours, noble], inputs, { ...pace, rounds: Math.ceil(pace.rounds / 2) })
}

export { panelsOf as panels, printMatches as print }

/** @param {string} scheme @param {import('@noble/curves/abstract/frost.js').FROST} frost */
function ways(scheme, frost) {
  const keys = nobleKeygen(frost)
  return {
    [`${scheme}.keygen`]: { differs: true, run: () => nobleKeygen(frost) },
    [`${scheme}.sign`]: { differs: true, run: () => nobleSign(frost, keys) },
  }
}

/** @param {import('@noble/curves/abstract/frost.js').FROST} frost */
function nobleKeygen({ DKG, Identifier }) {
  const ids = [1, 2].map((number) => Identifier.fromNumber(number))
  const first = ids.map((id) => DKG.round1(id, { min: 2, max: 2 }))
  const broadcasts = first.map((one) => one.public)
  const others = (/** @type {number} */ place) => broadcasts.filter((_, i) => i !== place)
  const second = first.map(({ secret }, place) => DKG.round2(secret, others(place)))
  return first.map(({ secret }, place) => {
    const received = second[1 - place]?.[/** @type {string} */ (ids[place])]
    if (received === undefined) throw new Error('no share for this party')
    return DKG.round3(secret, others(place), [received])
  })
}

/**
 * @param {import('@noble/curves/abstract/frost.js').FROST} frost
 * @param {readonly import('@noble/curves/abstract/frost.js').Key[]} keys
 */
function nobleSign(frost, keys) {
  const nonces = keys.map(({ secret }) => frost.commit(secret))
  const commitments = nonces.map((one) => one.commitments)
  const shares = keys.map(({ secret, public: key }, place) => {
    const { nonces: own } = /** @type {import('@noble/curves/abstract/frost.js').GenNonce} */ (nonces[place])
    return [secret.identifier, frost.signShare(secret, key, own, commitments, message)]
  })
  const [first] = keys
  if (first === undefined) throw new Error('no keys')
  return frost.aggregate(first.public, commitments, message, Object.fromEntries(shares))
}
