// @ts-check
// Each protocol between two parties in one process: compute by party, messages, bytes.
import { systemRandom as random } from '../../dist/util/random.js'
import { computeOf, keygen, keygenSessions, reshareSessions, signingSessions } from '../support/parties.mjs'
import { duel } from '../support/duel.mjs'
import { digits, spread, summary, table } from '../support/statistics.mjs'

export const title = 'Protocols'
export const caption = 'milliseconds of both parties in one process'

/**
 * Puts the protocols side by side, one run of each in turn; the first half of them is warming up.
 *
 * @param {Pick<import('../support/context.mjs').Context, 'protocolRuns'>} context
 */
export function run({ protocolRuns }) {
  const protocols = openers()
  const samples = protocols.map(() => /** @type {import('../support/duel.mjs').Duel[]} */ ([]))
  for (let i = 0; i < 2 * protocolRuns; i++) {
    for (const [at, { open }] of protocols.entries()) {
      const result = duel(open())
      if (i >= protocolRuns) samples[at]?.push(result)
    }
  }
  return protocols.map(({ name }, at) => describe(name, samples[at] ?? []))
}

/** Every protocol on either curve: how to open the sessions of both parties. */
export function openers() {
  return [...openersOn('ed25519', 'ed25519'), ...openersOn('secp256k1', 'bip340')]
}

/** @typedef {ReturnType<typeof describe>} Row times in milliseconds */

/** @param {readonly Row[]} rows */
export function print(rows) {
  const header = ['protocol', 'both ms', 'client ms', 'server ms', 'messages', 'bytes client', 'bytes server']
  const cells = rows.map(({ name, client, server, both, messages, bytes }) => [
    name,
    spread(both),
    digits(client.median),
    digits(server.median),
    messages.join('+'),
    String(bytes[0]),
    String(bytes[1]),
  ])
  return table([header, ...cells])
}

/** @param {readonly Row[]} rows @returns {import('../support/chart.mjs').Panel[]} */
export function panels(rows) {
  const bars = rows.map(({ name, both }) => ({
    label: name,
    value: both.median,
    low: both.low,
    high: both.high,
    text: `${digits(both.median)} ms`,
    ours: true,
  }))
  return [{ title: 'compute', bars }]
}

/** @param {string} name @param {readonly import('../support/duel.mjs').Duel[]} duels */
function describe(name, duels) {
  const of = (/** @type {number} */ party) => summary(duels.map(({ compute }) => compute[party] ?? 0))
  const { messages = [], bytes = [] } = duels[0] ?? {}
  return { name, client: of(0), server: of(1), both: summary(duels.map(computeOf)), messages, bytes }
}

/** @param {'ed25519' | 'secp256k1'} curve @param {'ed25519' | 'bip340'} scheme */
function openersOn(curve, scheme) {
  const shares = keygen(curve)
  const message = random(32)
  return [
    { name: `key generation, ${curve}`, open: () => keygenSessions(curve) },
    { name: `reshare 2 of 2, ${curve}`, open: () => reshareSessions(shares) },
    { name: `FROST signature, ${scheme}`, open: () => signingSessions(scheme, shares, message) },
  ]
}
