import { concatHex, encodeAbiParameters, encodeFunctionData, erc20Abi, maxUint256, type Address, type Hex } from 'viem'
import { describe, expect, test } from 'vitest'
import { ethereumAddress } from '../../../src/adapters/viem/address.ts'
import {
  all,
  any,
  approvalAbove,
  batches,
  chains,
  createPolicy,
  delegates,
  kinds,
  maximum,
  maximumPerPeriod,
  recipients,
} from '../../../src/policy/index.ts'
import type { PolicyIntent } from '../../../src/policy/types.ts'
import { BATCH_CALLS_MAX, BATCH_MODE, encodeBatch, EXECUTE_SELECTOR } from '../../../src/util/erc7821.ts'
import { allows, FRIEND, publicKey, RAW, request, THIEF, token, TOKEN, transaction } from './support.ts'

interface Call {
  readonly to: Address
  readonly value?: bigint
  readonly data?: Hex
}

const ME = ethereumAddress(publicKey)
const DELEGATE = '0x63c0c19a282a1B52b07dD5a65b58948A07DAE32B'
const ZERO = '0x0000000000000000000000000000000000000000'
const FEE = 21_000n
const HOUR = 3_600_000

const complete = ({ to, value = 0n, data = '0x' }: Call) => ({ to, value, data })
const batch = (calls: readonly Call[], fields: object = {}): PolicyIntent =>
  transaction({ to: ME, data: encodeBatch(calls.map(complete)), ...fields })
const pay = (to: Address, value: bigint): Call => ({ to, value })
const give = (name: 'transfer' | 'approve', to: Address, amount: bigint): Call => ({
  to: TOKEN,
  data: encodeFunctionData({ abi: erc20Abi, functionName: name, args: [to, amount] }),
})

const signed = { r: `0x${'11'.repeat(32)}`, s: `0x${'22'.repeat(32)}`, yParity: 0 } as const
/** A transaction that gives the account code first. */
const withCode = (...list: readonly object[]) => ({
  type: 'eip7702',
  authorizationList: list.map((one) => ({ chainId: 1, address: DELEGATE, nonce: 1, ...signed, ...one })),
})

/** Call data of `execute`, as anybody could write it. */
const execute = (mode: Hex, executionData: Hex): Hex =>
  concatHex([EXECUTE_SELECTOR, encodeAbiParameters([{ type: 'bytes32' }, { type: 'bytes' }], [mode, executionData])])
const list = { type: 'tuple[]', components: [{ type: 'address' }, { type: 'uint256' }, { type: 'bytes' }] } as const
const plain = encodeAbiParameters([list], [[[FRIEND, 1n, '0x']]])
const opData = encodeAbiParameters([list, { type: 'bytes' }], [[[FRIEND, 1n, '0x']], '0x'])
const mode = (start: string): Hex => `0x${start.padEnd(64, '0')}`
/** A batch of one payment, in which digits are others. */
const changed = (change: (data: string) => string): PolicyIntent =>
  transaction({ to: ME, data: change(encodeBatch([complete({ to: FRIEND, value: 1n, data: '0x01' })])) })
const DIRTY = (data: string) => data.replace(`0${FRIEND.slice(2).toLowerCase()}`, `1${FRIEND.slice(2).toLowerCase()}`)

const limit = maximum({ 'ethereum:1': FEE + 100n, [`ethereum:1:${TOKEN}`]: 10n })
const rule = batches(all(chains(1), recipients([FRIEND]), limit), { delegates: [DELEGATE] })
/** Even a rule that allows every transaction gets no batch that is not understood. */
const generous = batches(kinds('ethereumTransaction'), { delegates: [DELEGATE] })
const reasons = (intent: PolicyIntent, of = generous) => of.judge(request(intent)).reasons.join('; ')

describe('batches allows', () => {
  test.each<[string, PolicyIntent]>([
    ['one payment', batch([pay(FRIEND, 100n)])],
    ['payments up to the limit together', batch([pay(FRIEND, 60n), pay(FRIEND, 40n)])],
    ['a payment and tokens', batch([pay(FRIEND, 100n), give('transfer', FRIEND, 4n), give('approve', FRIEND, 6n)])],
    ['a batch that gives the account the code of a delegate', batch([pay(FRIEND, 100n)], withCode({}))],
    ['what the rule allows, without a batch', transaction({ to: FRIEND, value: 100n })],
    ['tokens without a batch', token('transfer', [FRIEND, 10n])],
  ])('%s', (_, intent) => {
    expect(allows(rule, intent)).toBe(true)
  })
})

describe('batches denies what the rule does not allow:', () => {
  test.each<[string, PolicyIntent]>([
    ['payments above the limit together', batch([pay(FRIEND, 60n), pay(FRIEND, 41n)])],
    ['tokens above the limit together', batch([give('transfer', FRIEND, 5n), give('approve', FRIEND, 6n)])],
    ['an unlimited approval', batch([pay(FRIEND, 1n), give('approve', FRIEND, maxUint256)])],
    ['a fee above the limit', batch([pay(FRIEND, 1n)], { gas: 22_000n })],
    ['the last of many to a thief', batch([...new Array<Call>(20).fill(pay(FRIEND, 1n)), pay(THIEF, 1n)])],
    ['tokens to a thief', batch([pay(FRIEND, 1n), give('transfer', THIEF, 1n)])],
    ['a call that it does not understand', batch([{ to: TOKEN, data: '0x095ea7b3' }])],
    ['a batch of another account', batch([{ to: THIEF, data: encodeBatch([complete(pay(FRIEND, 1n))]) }])],
    ['another chain', batch([pay(FRIEND, 1n)], { chainId: 137 })],
    ['execute of another account', transaction({ to: THIEF, data: encodeBatch([complete(pay(FRIEND, 1n))]) })],
    ['another call of the account itself', transaction({ to: ME, data: '0x34fcd5be' })],
    ['a change of code without a batch', transaction({ to: FRIEND, value: 1n, ...withCode({}) })],
    ['what nobody knows', RAW],
  ])('%s', (_, intent) => {
    expect(allows(rule, intent)).toBe(false)
  })
})

describe('batches denies, whatever the rule says,', () => {
  test.each<[string, PolicyIntent, RegExp]>([
    ['a mode in which calls may fail', transaction({ to: ME, data: execute(mode('0101'), plain) }), /mode/],
    ['a mode with opData', transaction({ to: ME, data: execute(mode('01000000000078210001'), plain) }), /mode/],
    ['a batch of batches', transaction({ to: ME, data: execute(mode('01000000000078210002'), plain) }), /mode/],
    ['a single call', transaction({ to: ME, data: execute(mode('00'), plain) }), /mode/],
    ['a delegate call', transaction({ to: ME, data: execute(mode('ff'), plain) }), /mode/],
    ['a mode with bytes that many contracts ignore', transaction({ to: ME, data: execute(`${mode('01').slice(0, -1)}1` as Hex, plain) }), /mode/],
    ['opData', transaction({ to: ME, data: execute(BATCH_MODE, opData) }), /opData/],
    ['no calls', batch([]), /no calls/],
    ['too many calls', batch(new Array<Call>(BATCH_CALLS_MAX + 1).fill(pay(FRIEND, 0n))), /more than 256/],
    ['a call of the account itself', batch([pay(FRIEND, 1n), { to: ME, data: '0x01' }]), /account itself/],
    ['a batch in a batch', batch([{ to: ME, data: encodeBatch([complete(pay(THIEF, 1n))]) }]), /account itself/],
    ['a call of the zero address', batch([pay(ZERO, 1n)]), /zero address/],
    ['a value of its own', batch([pay(FRIEND, 1n)], { value: 1n }), /value of its own/],
    ['bytes left over', changed((data) => `${data}00`), /canonical/],
    ['a batch that is cut off', changed((data) => data.slice(0, -2)), /canonical/],
    ['the selector alone', changed((data) => data.slice(0, 10)), /mode/],
    ['bytes before an address', changed(DIRTY), /canonical/],
    ['padding that is not zero', changed((data) => `${data.slice(0, -1)}1`), /canonical/],
    ['another delegate', batch([pay(FRIEND, 1n)], withCode({ address: THIEF })), /delegate 0x0{36}dEaD/],
    ['a delegate on every chain', batch([pay(FRIEND, 1n)], withCode({ chainId: 0 })), /another chain/],
    ['a delegate on another chain', batch([pay(FRIEND, 1n)], withCode({ chainId: 137 })), /another chain/],
    ['an authorization that the chain passes over', batch([pay(FRIEND, 1n)], withCode({ nonce: 0 })), /nonce/],
    ['code for several accounts', batch([pay(FRIEND, 1n)], withCode({}, {})), /several/],
  ])('%s', (_, intent, why) => {
    expect(allows(generous, intent)).toBe(false)
    expect(reasons(intent)).toMatch(why)
  }) // prettier-ignore

  test('offsets that point at one call twice, which would hide another', () => {
    const data = encodeBatch([complete(pay(FRIEND, 1n)), complete(pay(FRIEND, 2n))])
    const [, first = '', second = ''] = /^.{330}(.{64})(.{64})/.exec(data) ?? []
    expect([BigInt(`0x${first}`), BigInt(`0x${second}`)]).toEqual([64n, 192n])
    const intent = transaction({ to: ME, data: data.replace(first + second, first + first) })
    expect(reasons(intent)).toMatch(/canonical/)
  })
})

describe('batches', () => {
  test('counts the fee once, and reserves the sum', () => {
    const period = maximumPerPeriod({ 'ethereum:1': FEE + 100n }, { periodMs: HOUR })
    const verdict = batches(period, { delegates: [DELEGATE] }).judge(
      request(batch([pay(FRIEND, 60n), pay(FRIEND, 40n)])),
    )
    expect(verdict).toMatchObject({
      allowed: true,
      reserve: [{ counter: `period/${HOUR}/ethereum:1`, amount: FEE + 100n, most: FEE + 100n, periodMs: HOUR }],
    })
  })

  test('judges several signatures together, batches or not', () => {
    const policy = createPolicy({ sign: rule, others: () => true })
    const twice = batches(maximum({ 'ethereum:1': 2n * FEE + 100n }), { delegates: [DELEGATE] })
    const ask = (...intents: readonly PolicyIntent[]) => {
      return { clientId: 'ann', action: 'signAll' as const, items: intents.map((intent) => ({ intent })) }
    }
    const parts = [batch([pay(FRIEND, 30n), pay(FRIEND, 30n)]), transaction({ to: FRIEND, value: 40n })]
    const explain = (...intents: readonly PolicyIntent[]) =>
      createPolicy({ sign: twice, others: () => true }).explain(ask(...intents)).allowed
    expect(explain(...parts)).toBe(true)
    expect(explain(...parts.slice(0, 1), transaction({ to: FRIEND, value: 41n }))).toBe(false)
    expect(policy.explain(ask(batch([pay(THIEF, 1n)]))).allowed).toBe(false)
    expect(policy.explain(ask(batch([]), ...parts)).reasons).toEqual(['batches: the batch has no calls'])
  })

  test('waits for what the rule waits for', () => {
    const asking = batches(approvalAbove({ 'ethereum:1': FEE + 100n }, { by: 'device' }), { delegates: [DELEGATE] })
    const verdict = (...calls: readonly Call[]) => asking.judge(request(batch(calls)))
    expect(verdict(pay(FRIEND, 50n), pay(FRIEND, 50n)).approval).toBeUndefined()
    expect(verdict(pay(FRIEND, 50n), pay(FRIEND, 51n))).toMatchObject({ allowed: true, approval: 'device' })
  })

  test('is named by explain, with what its rule says', () => {
    const policy = createPolicy({ sign: any(rule, delegates([DELEGATE])), others: () => true })
    expect(policy.explain(request(batch([pay(FRIEND, 1n), pay(THIEF, 1n)]))).reasons).toEqual([
      'batches: 2 calls are judged, and one is denied',
      `recipients: ${THIEF.toLowerCase()} is none of them`,
      'delegates: ethereumTransaction is no authorization',
    ])
    expect(policy.explain(request(batch([pay(FRIEND, 1n), pay(FRIEND, 1n)]))).reasons[0]).toBe(
      'batches: 2 calls are judged together',
    )
  })

  test('needs a rule and delegates', () => {
    for (const [of, options] of [[undefined, { delegates: [DELEGATE] }], [rule, undefined], [rule, { delegates: [] }], [rule, { delegates: ['0x12'] }]] as const) {
      expect(() => batches(of as never, options as never)).toThrow(TypeError)
    } // prettier-ignore
  })
})
