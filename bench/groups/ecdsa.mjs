// @ts-check
// Threshold ECDSA among parties in one process: compute of each party, messages, bytes.
import {
  bindOtState,
  createCompletion,
  createEcdsaSigning,
  createOtSetup,
  createPreprocessing,
  digest32,
  wasmEcdsa,
} from '../../dist/protocol/ecdsa/index.js'
import { decodeEnvelope } from '../../dist/protocol/session/envelope.js'
import { createKeygen } from '../../dist/protocol/keygen/index.js'
import { partyId } from '../../dist/types.js'
import { systemRandom as random } from '../../dist/util/random.js'
import { digits, spread, summary, table } from '../support/statistics.mjs'

export const title = 'Threshold ECDSA'
export const caption = 'milliseconds of all parties in one process'

const WARM_UP = 40
const BATCH = 64
/** What the targets count in: a multiplication of any point, among 64 at once, in turns with the protocols. */
export const UNIT = `a multiplication, ${BATCH} at once`
const backend = wasmEcdsa()

/**
 * @typedef {import('../../dist/protocol/session/session.js').Session<any>} Session
 * @typedef {import('../../dist/key-share/types.js').KeyShare} KeyShare
 * @typedef {import('../../dist/protocol/ecdsa/index.js').OtState} OtState
 * @typedef {{ compute: number[], messages: number[], bytes: number[], results: any[] }} Played by party
 */

/**
 * Runs sessions against each other until all are done; every party plays once a flight, when all its messages are there.
 *
 * @param {readonly (() => Session)[]} open
 * @returns {Played}
 */
function play(open) {
  /** @type {Played} */
  const played = {
    compute: open.map(() => 0),
    messages: open.map(() => 0),
    bytes: open.map(() => 0),
    results: open.map(() => undefined),
  }
  /** @template T @param {number} party @param {() => T} work */
  const timed = (party, work) => {
    const start = performance.now()
    const result = work()
    played.compute[party] = (played.compute[party] ?? 0) + performance.now() - start
    return result
  }
  const sessions = open.map((one, party) => timed(party, one))
  let arriving = sessions.map(() => /** @type {Uint8Array[]} */ ([]))
  let sent = sessions.map((session, party) => timed(party, () => session.start()))
  while (sent.some(({ out }) => out.length > 0)) {
    arriving = sessions.map(() => [])
    for (const [party, { out }] of sent.entries()) {
      for (const envelope of out) {
        const { to } = decodeEnvelope(envelope)
        played.messages[party] = (played.messages[party] ?? 0) + 1
        played.bytes[party] = (played.bytes[party] ?? 0) + envelope.length
        for (const receiver of sessions.keys()) {
          if (receiver !== party && (to === 0 || to === receiver + 1)) arriving[receiver]?.push(envelope)
        }
      }
    }
    sent = sessions.map((session, party) => {
      if (played.results[party] !== undefined) return { out: [] }
      const step = timed(party, () => {
        for (const envelope of arriving[party] ?? []) session.receive(envelope)
        return session.advance()
      })
      if (step.done !== undefined) played.results[party] = step.done
      return step
    })
    for (const [party, { done }] of sent.entries()) if (done !== undefined) played.results[party] ??= done
  }
  if (played.results.includes(undefined)) throw new Error('a session did not end')
  return played
}

/** @param {number} threshold @param {number} count */
function makeSet(threshold, count) {
  const parties = Array.from({ length: count }, (_, i) => ({
    id: partyId(i + 1),
    role: i === 0 ? /** @type {const} */ ('client') : /** @type {const} */ ('server'),
  }))
  const ids = parties.map(({ id }) => id)
  const { group } = backend
  const walletId = random(16)
  const shares = /** @type {KeyShare[]} */ (
    play(
      ids.map((self) => () => createKeygen({ group, walletId, purpose: 'signing', threshold, parties, self, random })),
    ).results
  )
  const binding = random(32)
  const setup = () => play(ids.map((self) => () => createOtSetup({ backend, parties: ids, self, binding, random })))
  const otStates = setup().results.map((setups, i) =>
    setups.map((/** @type {any} */ setup) => bindOtState(setup, /** @type {KeyShare} */ (shares[i]).record.setId)),
  )
  return { threshold, count, shares, otStates: /** @type {OtState[][]} */ (otStates), setup }
}

/** @param {ReturnType<typeof makeSet>} set */
function signingOptions({ threshold, shares, otStates }) {
  const signers = shares.slice(0, threshold).map(({ id }) => id)
  return signers.map((_, i) => ({
    backend,
    share: /** @type {KeyShare} */ (shares[i]),
    otStates: /** @type {OtState[]} */ (otStates[i]),
    signers,
    random,
  }))
}

/** @param {ReturnType<typeof makeSet>} set */
function protocolsOf(set) {
  const options = signingOptions(set)
  const digest = digest32(random(32))
  const aggregator = partyId(1)
  const preprocess = () => play(options.map((one) => () => createPreprocessing({ ...one, epoch: 0 })))

  /** Completes preprocessings that were made outside the clock; the first signer aggregates. @returns {Played} */
  const complete = () => {
    const made = preprocess().results.map(({ preprocessed }) => preprocessed)
    return play(
      options.map((one, i) => () => {
        return createCompletion({ ...one, aggregator, digest, preprocessed: made[i], epoch: 0 })
      }),
    )
  }
  const among = set.count === 2 ? '' : `, ${set.threshold} of ${set.count}`
  return [
    { name: `ECDSA setup${among}`, play: set.setup },
    {
      name: `ECDSA signature${among}`,
      play: () => play(options.map((one) => () => createEcdsaSigning({ ...one, aggregator, digest }))),
    },
    { name: `ECDSA preprocessing${among}`, play: preprocess },
    { name: `ECDSA from a preprocessing${among}`, play: complete },
  ]
}

/** One signature after the other by two parties. @returns {(intent?: Uint8Array) => number} the milliseconds of both */
export function ecdsaSignature() {
  const options = signingOptions(makeSet(2, 2))
  const aggregator = partyId(1)
  return (intent) => {
    const digest = digest32(random(32))
    const { compute } = play(options.map((one) => () => createEcdsaSigning({ ...one, aggregator, digest, intent })))
    return compute.reduce((sum, one) => sum + one, 0)
  }
}

/** @returns {() => Played} one multiplication's share of a batch */
function multiplications() {
  const { group } = backend
  const draw = () => Array.from({ length: BATCH }, () => group.randomScalar(random))
  const points = group.multiplyBaseBatch(draw())
  return () => {
    const scalars = draw()
    const start = performance.now()
    group.multiplyPointBatch(points, scalars)
    return { compute: [(performance.now() - start) / BATCH], messages: [], bytes: [], results: [] }
  }
}

/** @param {string} name @param {number} stateBytes @param {readonly Played[]} runs */
function describe(name, stateBytes, runs) {
  const both = summary(runs.map(({ compute }) => compute.reduce((sum, one) => sum + one, 0)))
  const { messages = [], bytes = [] } = runs[0] ?? {}
  return { name, parties: Math.max(1, messages.length), both, messages, bytes, stateBytes }
}

/**
 * Puts the protocols side by side, one run of each in turn.
 *
 * @param {Pick<import('../support/context.mjs').Context, 'protocolRuns'>} context
 */
export function run({ protocolRuns }) {
  const runs = Math.ceil(protocolRuns / 10)
  return [makeSet(2, 2), makeSet(2, 3), makeSet(3, 5)].flatMap((set) => {
    const stateBytes = (set.count - 1) * (set.otStates[0]?.[0]?.encode().length ?? 0)
    const unit = { name: UNIT, play: multiplications() }
    const protocols = set.count === 2 ? [unit, ...protocolsOf(set)] : protocolsOf(set)
    const samples = protocols.map(() => /** @type {Played[]} */ ([]))
    for (let i = 0; i < WARM_UP + runs; i++) {
      for (const [at, { play: once }] of protocols.entries()) {
        const result = once()
        if (i >= WARM_UP) samples[at]?.push(result)
      }
    }
    return protocols.map(({ name }, at) => describe(name, name === UNIT ? 0 : stateBytes, samples[at] ?? []))
  })
}

/** @typedef {ReturnType<typeof describe>} Row `both` is all parties' milliseconds */

/** @param {readonly Row[]} rows */
export function print(rows) {
  const header = ['protocol', 'all parties ms', 'a party ms', 'messages', 'bytes by party', "a party's OT state"]
  const cells = rows.map(({ name, parties, both, messages, bytes, stateBytes }) => [
    name,
    spread(both),
    digits(both.median / parties),
    messages.join('+'),
    bytes.join('+'),
    stateBytes === 0 ? '' : String(stateBytes),
  ])
  return table([header, ...cells])
}

/** @param {readonly Row[]} rows @returns {import('../support/chart.mjs').Panel[]} */
export function panels(rows) {
  const bars = rows
    .filter(({ name }) => name !== UNIT)
    .map(({ name, both }) => ({
      label: name,
      value: both.median,
      low: both.low,
      high: both.high,
      text: `${digits(both.median)} ms`,
      ours: true,
    }))
  return [{ title: 'compute', bars }]
}
