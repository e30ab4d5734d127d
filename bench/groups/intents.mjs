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
import { digits, spread, summary, table } from '../support/statistics.mjs'

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
  const signed = ways.map(({ name }) => ({ name, times: /** @type {number[]} */ ([]) }))
  for (let i = 0; i < WARM_UP + protocolRuns; i++) {
    for (const [at, { once }] of ways.entries()) signed[at]?.times.push(once())
  }
  return { checked, signed: signed.map(({ name, times }) => ({ name, both: summary(times.slice(WARM_UP)) })) }
}

/** @param {() => unknown} work */
function timed(work) {
  const begun = performance.now()
  work()
  return performance.now() - begun
}

/** @param {{ checked: readonly Checked[], signed: readonly Signed[] }} rows */
export function print({ checked, signed }) {
  const cells = checked.map(({ name, bytes, server }) => [name, String(bytes), spread(server)])
  const [raw, seen] = signed
  const change = raw && seen ? `${digits(100 * (seen.both.median / raw.both.median - 1))} % more` : ''
  return [
    table([['one intent', 'bytes of the request', 'server µs'], ...cells]),
    table([
      ['', 'both parties ms', ''],
      ...signed.map(({ name, both }, i) => [name, spread(both), i === 1 ? change : '']),
    ]),
  ].join('\n\n')
}
