// What a host without WebAssembly does, by the sessions of both parties in one program: a key on each curve, signatures by
// FROST, an ECDSA setup and signatures. Everything here is synchronous, and nothing needs a global but the language.
import { createEcdsaSigning, createKeygen, createOtSetup, createSigning } from 'reshare/protocol'
import { bindOtState, digest32, getEcdsaBackend, getGroup, partyId } from 'reshare/protocol'

const parties = [
  { id: partyId(1), role: 'client' },
  { id: partyId(2), role: 'server' },
]
const ids = parties.map(({ id }) => id)
const message = new Uint8Array(32).fill(7)

/**
 * Not random: the shell of Hermes has no generator. An app has one.
 *
 * @param {number} length
 */
function notRandom(length) {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (state = (Math.imul(state, 1664525) + 1013904223) | 0) >>> 24
  return bytes
}
let state = 1

/** Plays the sessions of both parties. @param {any[]} sessions @returns {{ results: any[], ms: number[] }} of each party */
function play(sessions) {
  const ms = sessions.map(() => 0)
  const results = sessions.map(() => undefined)
  const timed = (index, work) => {
    const started = Date.now()
    const step = work()
    ms[index] += Date.now() - started
    results[index] = step.done ?? results[index]
    return step.out
  }
  let messages = sessions.map((session, index) => timed(index, () => session.start()))
  while (messages.some((out) => out.length > 0)) {
    messages.forEach((out, from) => {
      for (const envelope of out) if (results[1 - from] === undefined) sessions[1 - from].receive(envelope)
    })
    messages = sessions.map((session, i) => (results[i] === undefined ? timed(i, () => session.advance()) : []))
  }
  if (results.includes(undefined)) throw new Error('a session did not end')
  return { results, ms }
}

/** @param {string} curve */
function generate(curve) {
  const group = getGroup(curve)
  const common = { group, walletId: new Uint8Array(16), purpose: 'signing', threshold: 2, parties, random: notRandom }
  return play(ids.map((self) => createKeygen({ ...common, self })))
}

/** @param {any[]} shares @param {'ed25519' | 'bip340'} scheme */
function signByFrost(shares, scheme) {
  const group = getGroup(scheme === 'ed25519' ? 'ed25519' : 'secp256k1')
  const signing = { scheme, group, signers: ids, aggregator: ids[0], message, random: notRandom }
  return play(shares.map((share) => createSigning({ ...signing, share })))
}

/** @param {number} slow the party that offers: the device */
function setUp(slow) {
  const backend = getEcdsaBackend()
  const common = { backend, parties: ids, slow: [ids[slow]], binding: new Uint8Array(32), random: notRandom }
  return play(ids.map((self) => createOtSetup({ ...common, self })))
}

/** @param {any[]} shares @param {any[]} otStates */
function signByEcdsa(shares, otStates) {
  const digest = digest32(message)
  const common = { backend: getEcdsaBackend(), signers: ids, aggregator: ids[0], digest, random: notRandom }
  return play(shares.map((share, i) => createEcdsaSigning({ ...common, share, otStates: [otStates[i]] })))
}

/** How often a step is played, to find its least time. */
const TIMES = 2

/**
 * The milliseconds that the first party, which stands for the device, computes in each step; the least of several runs.
 *
 * @returns {Record<string, number>}
 */
export function sessions() {
  const ms = {}
  const repeat = (name, run) => {
    const runs = Array.from({ length: TIMES }, run)
    ms[name] = Math.min(...runs.map((played) => played.ms[0]))
    return runs[0].results
  }
  const secp256k1 = repeat('a key on secp256k1', () => generate('secp256k1'))
  const ed25519 = repeat('a key on ed25519', () => generate('ed25519'))
  repeat('a signature by Ed25519', () => signByFrost(ed25519, 'ed25519'))
  repeat('by BIP 340', () => signByFrost(secp256k1, 'bip340'))
  const setup = repeat('an ECDSA setup', () => setUp(0))
  const states = setup.map(([one], i) => bindOtState(one, secp256k1[i].record.setId))
  const [{ signature }] = repeat('a signature by ECDSA', () => signByEcdsa(secp256k1, states))
  if (signature === undefined) throw new Error('no ECDSA signature')
  return ms
}
