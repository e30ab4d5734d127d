// @ts-check
// Whether the time of signing depends on the share, seen from outside: one fixed share against random ones, through all of
// the TypeScript and the wasm. Nothing is asserted: a machine can be noisy or quiet. The check that decides is the one on
// the shipped binary (test/constant-time).
import { getGroup } from '../../dist/curve/index.js'
import { provePossession } from '../../dist/protocol/possession/index.js'
import { systemRandom as random } from '../../dist/util/random.js'
import { IDS, keygen, signingSession } from '../support/parties.mjs'
import { digits, table } from '../support/statistics.mjs'
import { welch } from '../support/welch.mjs'

export const title = 'Leakage'
export const caption = "|t| of Welch's test between a fixed and random shares; below 4.5 nothing is seen"

const RUNS = 8000
/** Where dudect begins to say that something leaks. */
export const THRESHOLD = 4.5

/**
 * @typedef {import('../support/parties.mjs').KeyShare} KeyShare
 * @typedef {import('../../dist/curve/group.js').Group} Group
 * @typedef {ReturnType<typeof welch>} Row median in microseconds
 */

/** @returns {Row[]} */
export function run() {
  const subjects = [
    signing('FROST signature share, ed25519', 'ed25519'),
    signing('FROST signature share, bip340', 'bip340'),
    possession('proof of possession, secp256k1'),
    signing('control: one more point for an odd share', 'bip340', leaking),
  ]
  return subjects.map((subject) => welch(subject, RUNS))
}

/** @param {readonly Row[]} rows */
export function print(rows) {
  const header = ['path', '|t|', 'seen', 'expected', 'µs', 'samples']
  const cells = rows.map(({ name, leaks, t, runs, median }) => [
    name,
    Math.abs(t).toFixed(1),
    Math.abs(t) > THRESHOLD ? 'leak' : 'nothing',
    leaks ? 'leak' : 'nothing',
    digits(median),
    String(runs),
  ])
  return table([header, ...cells])
}

/** @param {readonly Row[]} rows @returns {import('../support/chart.mjs').Panel[]} */
export function panels(rows) {
  const bars = rows.map(({ name, leaks, t }) => {
    const value = Math.abs(t)
    return { label: name, value, low: value, high: value, text: value.toFixed(1), ours: !leaks }
  })
  return [{ title: '|t|', bars }]
}

/**
 * The server's half of a signature, from the client's commitment to its own share. Every share is put into the same
 * record, so that all that is public is alike in both classes.
 *
 * @param {string} name
 * @param {'ed25519' | 'bip340'} scheme
 * @param {(group: Group) => Group} [wrap]
 * @returns {import('../support/welch.mjs').Subject}
 */
function signing(name, scheme, wrap) {
  const [client, server] = keygen(scheme === 'ed25519' ? 'ed25519' : 'secp256k1')
  const group = getGroup(client.record.curve)
  const used = wrap === undefined ? group : wrap(group)
  const share = shares(group, server)
  const message = random(32)
  return {
    name,
    leaks: wrap !== undefined,
    prepare: (isFixed) => {
      const own = share(isFixed)
      const opener = signingSession(scheme, client, message)
      const [commitment] = opener.start().out
      opener.dispose()
      if (commitment === undefined) throw new Error('the client did not open')
      return () => {
        const session = signingSession(scheme, own, message, used)
        session.start()
        session.receive(commitment)
        return session.advance()
      }
    },
  }
}

/** @param {string} name @returns {import('../support/welch.mjs').Subject} */
function possession(name) {
  const [client] = keygen('secp256k1')
  const group = getGroup('secp256k1')
  const share = shares(group, client)
  const [, verifier = client.id] = IDS
  return {
    name,
    leaks: false,
    prepare: (isFixed) => {
      const own = share(isFixed)
      const nonce = random(32)
      return () => provePossession({ group, share: own, verifier, nonce, random })
    },
  }
}

/** Shares of either class; a fresh copy each, made in the same way. @param {Group} group @param {KeyShare} share */
function shares(group, share) {
  // Even in its low byte on either curve, so that the control does nothing more for it.
  const fixed = group.decodeScalar(new Uint8Array(32).fill(2))
  return (/** @type {boolean} */ isFixed) => {
    const candidates = [group.randomScalar(random), fixed]
    const secretShare = group.decodeScalar(/** @type {Uint8Array} */ (candidates[Number(isFixed)]))
    return { ...share, secretShare }
  }
}

/** @param {Group} group @returns {Group} */
function leaking(group) {
  return {
    ...group,
    multiply(a, b) {
      if (((b[31] ?? 0) & 1) === 1) group.multiplyPoint(group.generator, b)
      return group.multiply(a, b)
    },
  }
}
