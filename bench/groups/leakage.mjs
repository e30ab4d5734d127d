// @ts-check
// Whether the time of signing depends on the share, seen from outside: one fixed share against random ones, through all of
// the TypeScript and the wasm. Nothing is asserted: a machine can be noisy or quiet. The check that decides is the one on
// the shipped binary (test/constant-time).
import { getGroup } from '../../dist/curve/index.js'
import {
  bindOtState,
  createEcdsaSigning,
  createOtSetup,
  digest32,
  getEcdsaBackend,
} from '../../dist/protocol/ecdsa/index.js'
import { provePossession } from '../../dist/protocol/possession/index.js'
import { systemRandom as random } from '../../dist/util/random.js'
import { duel } from '../support/duel.mjs'
import { IDS, keygen, signingSession } from '../support/parties.mjs'
import { digits, table } from '../support/statistics.mjs'
import { welch } from '../support/welch.mjs'

export const title = 'Leakage'
export const caption = "|t| of Welch's test between a fixed and random shares; below 4.5 nothing is seen"

const RUNS = 8000
const ECDSA_RUNS = 1600
/** Where dudect begins to say that something leaks. */
export const THRESHOLD = 4.5

/**
 * @typedef {import('../support/parties.mjs').KeyShare} KeyShare
 * @typedef {import('../../dist/curve/group.js').Group} Group
 * @typedef {ReturnType<typeof welch>} Row median in microseconds
 */

/** @typedef {import('../support/welch.mjs').Subject & { runs?: number }} Subject */

/** @returns {Row[]} */
export function run() {
  /** @type {Subject[]} */
  const subjects = [
    signing('FROST signature share, ed25519', 'ed25519'),
    signing('FROST signature share, bip340', 'bip340'),
    ecdsa("ECDSA, the server's last answer"),
    possession('proof of possession, secp256k1'),
    signing('control: a point for every bit of a byte', 'bip340', leaking),
  ]
  return subjects.map(({ runs = RUNS, ...subject }) => welch(subject, runs))
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

/**
 * The server's second and last answer of ECDSA: its half of the oblivious transfers, the multiplication by its share, the
 * checks, and its part of the signature.
 *
 * @param {string} name
 * @returns {Subject}
 */
function ecdsa(name) {
  const backend = getEcdsaBackend()
  const [client, server] = keygen('secp256k1')
  const binding = random(32)
  const setups = duel([
    () => createOtSetup({ backend, parties: IDS, self: client.id, binding, random }),
    () => createOtSetup({ backend, parties: IDS, self: server.id, binding, random }),
  ])
  const [clientStates, serverStates] = /** @type {import('../../dist/protocol/ecdsa/index.js').PeerSetup[][]} */ (
    setups.results
  ).map((made) => made.map((setup) => bindOtState(setup, server.record.setId)))
  if (clientStates === undefined || serverStates === undefined) throw new Error('no setup')
  const sharesOf = sharings(backend.group, client, server)
  const common = { backend, signers: IDS, digest: digest32(random(32)), aggregator: client.id, random }
  return {
    name,
    leaks: false,
    runs: ECDSA_RUNS,
    prepare: (isFixed) => {
      const [theirs, own] = sharesOf(isFixed)
      const opener = createEcdsaSigning({ ...common, share: theirs, otStates: clientStates })
      const session = createEcdsaSigning({ ...common, share: own, otStates: serverStates })
      const first = session.start().out
      const response = [...first, ...deliver(session, opener.start().out)]
      const arriving = deliver(opener, response)
      opener.dispose()
      return () => {
        const out = deliver(session, arriving)
        session.dispose()
        if (out.length === 0) throw new Error('the server did not answer')
      }
    },
  }
}

/** @param {import('../../dist/protocol/session/session.js').Session<unknown>} session @param {readonly Uint8Array[]} envelopes */
function deliver(session, envelopes) {
  for (const envelope of envelopes) session.receive(envelope)
  return session.advance().out
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
  // One bit in its lowest byte, so that the control does less for it than for most.
  const fixed = group.decodeScalar(new Uint8Array(32).fill(2))
  return (/** @type {boolean} */ isFixed) => {
    const candidates = [group.randomScalar(random), fixed]
    const secretShare = group.decodeScalar(/** @type {Uint8Array} */ (candidates[Number(isFixed)]))
    return { ...share, secretShare }
  }
}

/**
 * Both parties' shares of one key, by a fixed polynomial or a random one: ECDSA checks that they fit together. What it
 * publishes of them is blinded anew in every signature.
 *
 * @param {Group} group
 * @param {KeyShare} client
 * @param {KeyShare} server
 */
function sharings(group, client, server) {
  const { record } = client
  const key = group.subtract(group.add(client.secretShare, client.secretShare), server.secretShare)
  const slope = shares(group, client)
  return (/** @type {boolean} */ isFixed) => {
    const { secretShare: a } = slope(isFixed)
    const first = group.add(key, a)
    const secrets = [first, group.add(first, a)]
    const verifying = group.multiplyBaseBatch(secrets)
    const parties = record.parties.map((party, i) => ({ ...party, verifyingShare: verifying[i] ?? group.identity }))
    const own = (/** @type {number} */ i) => {
      return { id: IDS[i] ?? client.id, record: { ...record, parties }, secretShare: secrets[i] ?? key }
    }
    return /** @type {const} */ ([own(0), own(1)])
  }
}

/** @param {Group} group @returns {Group} */
function leaking(group) {
  return {
    ...group,
    multiply(a, b) {
      for (let bits = b[31] ?? 0; bits > 0; bits >>= 1) if ((bits & 1) === 1) group.multiplyPoint(group.generator, b)
      return group.multiply(a, b)
    },
  }
}
