// @ts-check
// What it costs to say what is signed: bytes in the request, and the server's compute to decode and check them, beside an
// ECDSA signature with and without.
import { p2wpkh, Transaction } from '@scure/btc-signer'
import { hexToBytes, serializeTransaction } from 'viem'
import { bitcoinIntents } from '../../dist/policy/bitcoin/index.js'
import { ethereumIntents } from '../../dist/policy/ethereum/index.js'
import { decodeIntent, encodeIntent, intentHash } from '../../dist/wire/intent.js'
import { toHex, utf8 } from '../../dist/util/bytes.js'
import { systemRandom as random } from '../../dist/util/random.js'
import { ecdsaSignature } from './ecdsa.mjs'
import { spread, summary, table } from '../support/statistics.mjs'

export const title = 'Intents'

const WARM_UP = 20
const PUBLIC_KEY = hexToBytes('0x0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798')
const TO = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

const PERMIT = {
  domain: { name: 'USD Coin', version: '2', chainId: 1, verifyingContract: TO },
  types: {
    Permit: [
      { name: 'owner', type: 'address' },
      { name: 'spender', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'nonce', type: 'uint256' },
      { name: 'deadline', type: 'uint256' },
    ],
  },
  primaryType: 'Permit',
  message: { owner: TO, spender: TO, value: '1000000', nonce: '0', deadline: '1900000000' },
}
const DOMAIN_TYPES = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
]

/** An unsigned call of a token. */
function call() {
  const fees = { maxFeePerGas: 30_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n }
  const data = /** @type {const} */ (`0xa9059cbb${'00'.repeat(64)}`)
  return hexToBytes(
    serializeTransaction({ chainId: 1, nonce: 7, to: TO, gas: 60_000n, data, ...fees, type: 'eip1559' }),
  )
}

/** Two inputs with their previous transactions, and two outputs. */
function psbt() {
  const { script } = p2wpkh(PUBLIC_KEY)
  const transaction = new Transaction()
  for (let i = 0; i < 2; i++) {
    const previous = new Transaction()
    previous.addInput({ txid: random(32), index: 0, witnessUtxo: { script, amount: 90_000n } })
    previous.addOutput({ script, amount: 50_000n })
    transaction.addInput({ txid: previous.id, index: 0, nonWitnessUtxo: previous.toBytes() })
  }
  transaction.addOutput({ script, amount: 70_000n })
  transaction.addOutput({ script, amount: 29_000n })
  return transaction.toPSBT()
}

/** @typedef {import('../../dist/wire/intent.js').Intent} Intent */
/** @typedef {{ name: string, bytes: number, server: import('../support/statistics.mjs').Summary }} Checked microseconds */
/** @typedef {{ name: string, both: import('../support/statistics.mjs').Summary }} Signed milliseconds of both parties */
/** @typedef {import('../support/statistics.mjs').Summary} Summary */

/** @returns {readonly { name: string, intent: Intent }[]} */
function examples() {
  const typedData = { ...PERMIT, types: { EIP712Domain: DOMAIN_TYPES, ...PERMIT.types } }
  return [
    { name: 'Ethereum: a call of a token', intent: { kind: 'ethereumTransaction', data: call() } },
    { name: 'Ethereum: a text of 100 bytes', intent: { kind: 'ethereumMessage', data: new Uint8Array(100).fill(97) } },
    { name: 'Ethereum: a permit', intent: { kind: 'ethereumTypedData', data: utf8(JSON.stringify(typedData)) } },
    { name: 'Bitcoin: two inputs, two outputs', intent: { kind: 'bitcoinTransaction', data: psbt(), input: 0 } },
  ]
}

/** @param {Intent} intent */
function check(intent) {
  const decoder = intent.kind === 'bitcoinTransaction' ? bitcoinIntents() : ethereumIntents()
  const asked = { scheme: /** @type {const} */ ('ecdsa'), message: new Uint8Array(32), publicKey: PUBLIC_KEY }
  const encoded = encodeIntent(intent)
  return () => {
    intentHash(encoded)
    return decoder.decode(decodeIntent(encoded), asked)
  }
}

/** @param {Pick<import('../support/context.mjs').Context, 'protocolRuns'>} context */
export function run({ protocolRuns }) {
  const checked = examples().map(({ name, intent }) => {
    const once = check(intent)
    const times = Array.from({ length: WARM_UP + protocolRuns }, () => timed(once))
    const bytes = `,"intent":"${toHex(encodeIntent(intent))}"`.length
    return { name, bytes, server: summary(times.slice(WARM_UP).map((time) => 1000 * time)) }
  })
  const sign = ecdsaSignature()
  const hash = new Uint8Array(32).fill(1)
  const verify = check(/** @type {Intent} */ (examples()[0]?.intent))
  const ways = [
    { name: 'ECDSA signature, raw', once: () => sign() },
    { name: 'ECDSA signature, of a call that is checked', once: () => timed(verify) + sign(hash) },
  ]
  const times = ways.map(() => /** @type {number[]} */ ([]))
  for (let i = -WARM_UP; i < protocolRuns; i++) {
    // In turn, and another one first each time, so that whatever the machine does meanwhile happens to both.
    for (const way of i % 2 === 0 ? [0, 1] : [1, 0]) {
      const time = ways[way]?.once() ?? 0
      if (i >= 0) times[way]?.push(time)
    }
  }
  const signed = ways.map(({ name }, way) => ({ name, both: summary(times[way] ?? []) }))
  return { checked, signed, ratio: ratioOf(times) }
}

/** What the second way takes of the time of the first, pair by pair. @param {readonly (readonly number[])[]} times @returns {Summary} */
function ratioOf([raw = [], checked = []]) {
  return summary(checked.map((time, i) => time / (raw[i] ?? time)))
}

/** @param {() => unknown} work */
function timed(work) {
  const begun = performance.now()
  work()
  return performance.now() - begun
}

/** @param {{ checked: readonly Checked[], signed: readonly Signed[], ratio: Summary }} rows */
export function print({ checked, signed, ratio: { median, low, high } }) {
  const cells = checked.map(({ name, bytes, server }) => [name, String(bytes), spread(server)])
  const ratio = `${median.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`
  return [
    table([['one intent', 'bytes of the request', 'server µs'], ...cells]),
    table([
      ['', 'both parties ms', '× raw, pair by pair'],
      ...signed.map(({ name, both }, i) => [name, spread(both), i === 1 ? ratio : '']),
    ]),
  ].join('\n\n')
}
