import { describe, expect, test } from 'vitest'
import type { BitcoinIntent } from '../../../src/policy/bitcoin/index.ts'
import {
  all,
  any,
  createPolicy,
  deny,
  kinds,
  maximum,
  maximumPerPeriod,
  recipients,
  scopes,
  type Rule,
} from '../../../src/policy/index.ts'
import type { PolicyIntent } from '../../../src/policy/types.ts'
import type { PolicyRequest } from '../../../src/server/access/policy.ts'
import { FRIEND, message, RAW, THIEF, transaction } from './support.ts'

const HOUR = 3_600_000
const pay = (value: bigint, to = FRIEND) => transaction({ to, value })
/** With the fee of 21,000. */
const LIMIT = 100_000n

const output = (amount: bigint, address: string, isOwn = false) => ({ amount, script: `00${address}`, address, isOwn })

function bitcoin(input: number, more: Partial<BitcoinIntent> = {}): BitcoinIntent {
  const inputs = [0, 1, 2].map((index) => {
    return { txid: 'ab'.repeat(32), index, sequence: 0, amount: 100n, script: '', address: null, isOwn: true }
  })
  const about = { kind: 'bitcoinTransaction', verified: true, type: 'p2wpkh', sighashType: 1 } as const
  const outputs = [output(250n, 'friend'), output(40n, 'change', true)]
  return { ...about, input, version: 2, lockTime: 0, inputs, outputs, fee: 10n, ...more }
}

const asking = (intents: readonly PolicyIntent[], more: Partial<PolicyRequest> = {}): PolicyRequest => {
  return { clientId: 'ann', action: 'signAll', items: intents.map((intent) => ({ intent })), ...more }
}
const explain = (sign: Rule, intents: readonly PolicyIntent[], more: Partial<PolicyRequest> = {}) =>
  createPolicy({ sign, others: () => true }).explain(asking(intents, more))
const allowsAll = (sign: Rule, ...intents: readonly PolicyIntent[]) => explain(sign, intents).allowed

describe('several signatures are judged as a whole:', () => {
  test('payments that are allowed alone are not if their sum is too much', () => {
    const rule = all(recipients([FRIEND]), maximum({ 'ethereum:1': LIMIT }))
    const part = pay(50_000n)
    expect([allowsAll(rule, part), allowsAll(rule, part, part)]).toEqual([true, false])
    expect(allowsAll(rule, pay(20_000n), pay(20_000n))).toBe(true)
    expect(allowsAll(rule, pay(1n), pay(1n, THIEF))).toBe(false)
    for (const other of [RAW, message('hello')]) expect(allowsAll(rule, pay(1n), other)).toBe(false)
  })

  test('the period reserves the sum once', () => {
    const rule = maximumPerPeriod({ 'ethereum:1': LIMIT, 'ethereum:2': LIMIT }, { periodMs: HOUR })
    const { allowed, reserve } = explain(rule, [pay(1_000n), pay(2_000n), transaction({ to: FRIEND, chainId: 2 })])
    expect(allowed).toBe(true)
    const about = { most: LIMIT, periodMs: HOUR }
    expect(reserve).toEqual([
      { counter: `period/${HOUR}/ethereum:1`, amount: 45_000n, ...about },
      { counter: `period/${HOUR}/ethereum:2`, amount: 21_000n, ...about },
    ])
    expect(allowsAll(rule, pay(50_000n), pay(50_000n))).toBe(false)
  })

  test('a Bitcoin transaction counts once for all of its inputs', () => {
    const rule = maximum({ bitcoin: 260n })
    expect(allowsAll(rule, bitcoin(0), bitcoin(1), bitcoin(2))).toBe(true)
    const { reserve } = explain(maximumPerPeriod({ bitcoin: 999n }, { periodMs: 1 }), [bitcoin(0), bitcoin(1)])
    expect(reserve!.map(({ amount }) => amount)).toEqual([260n])
  })

  test.each<[string, Partial<BitcoinIntent>]>([
    ['another output', { outputs: [output(250n, 'thief')] }],
    ['another amount', { outputs: [output(249n, 'friend'), output(41n, 'change', true)] }],
    ['another lock time', { lockTime: 1 }],
    ['another version', { version: 1 }],
    ['another sequence', { inputs: bitcoin(0).inputs.map((input) => ({ ...input, sequence: 1 })) }],
    ['a signature that is valid in other transactions', { sighashType: 0x81 }],
  ])('but a second one counts, with %s', (_, more) => {
    expect(allowsAll(maximum({ bitcoin: 500n }), bitcoin(0), bitcoin(1, more))).toBe(false)
    expect(allowsAll(maximum({ bitcoin: 520n }), bitcoin(0), bitcoin(1, more))).toBe(true)
  })

  test('of the views of a transaction by several keys, the highest counts', () => {
    const blind = { outputs: bitcoin(0).outputs.map((one) => ({ ...one, isOwn: false })) }
    for (const views of [
      [bitcoin(0), bitcoin(1, blind)],
      [bitcoin(1, blind), bitcoin(0)],
    ]) {
      expect(allowsAll(maximum({ bitcoin: 299n }), ...views)).toBe(false)
      expect(allowsAll(maximum({ bitcoin: 300n }), ...views)).toBe(true)
    }
    expect(allowsAll(maximum({ bitcoin: 10_000n }), bitcoin(0), bitcoin(1, { fee: null }))).toBe(false)
  })

  test('any takes a rule for all of them, or one for each, which judges its own together', () => {
    const rule = any(
      maximum({ bitcoin: 260n }),
      all(kinds('ethereumTransaction'), maximum({ 'ethereum:1': LIMIT })),
      deny(),
    )
    expect(allowsAll(rule, bitcoin(0), pay(1n), bitcoin(1), pay(2n))).toBe(true)
    expect(allowsAll(rule, bitcoin(0), pay(50_000n), pay(50_000n))).toBe(false)
    expect(allowsAll(rule, bitcoin(0), pay(1n), RAW)).toBe(false)
    // The first rule allows each alone, and the second all of them.
    expect(allowsAll(any(maximum({ 'ethereum:1': 50_000n }), maximum({ 'ethereum:1': LIMIT })), pay(9n), pay(9n))).toBe(
      true,
    )
  })

  test('what parts of any reserve of one counter is added up', () => {
    const daily = (name: string, asset: string, most: bigint) =>
      maximumPerPeriod({ [asset]: most }, { periodMs: 1, name })
    const custom = (kind: string, most: bigint): Rule => ({
      judge: ({ intent }) => ({
        allowed: intent.kind === kind,
        reasons: [],
        reserve: [{ counter: 'all', amount: 2n, most, periodMs: 1 }],
      }),
    })
    const rule = any(custom('bitcoinTransaction', 9n), custom('ethereumTransaction', 7n))
    const { reserve } = explain(rule, [bitcoin(0), pay(1n), pay(1n)])
    expect(reserve).toEqual([{ counter: 'all', amount: 6n, most: 7n, periodMs: 1 }])
    const both = all(daily('a', 'bitcoin', 999n), daily('a', 'bitcoin', 500n))
    expect(explain(both, [bitcoin(0), bitcoin(1)]).reserve).toMatchObject([{ amount: 260n, most: 500n }])
  })

  test('a scope has its rule judge all of them', () => {
    const rule = scopes({ bot: maximum({ 'ethereum:1': LIMIT }) })
    const two = [pay(50_000n), pay(50_000n)]
    expect(explain(rule, two, { scope: 'bot' }).allowed).toBe(false)
    expect(explain(rule, two.slice(0, 1), { scope: 'bot' }).allowed).toBe(true)
    expect(explain(rule, two.slice(0, 1)).allowed).toBe(false)
  })

  test('a rule of an app is asked about each', () => {
    const seen: PolicyRequest[] = []
    const own: Rule = {
      judge(request) {
        seen.push(request)
        return { allowed: request.path !== 'm/9', reasons: [request.path!] }
      },
    }
    const policy = createPolicy({ sign: own, others: () => true })
    const items = ['m', 'm/9', 'm'].map((path) => ({ path, intent: RAW }))
    expect(policy.explain({ clientId: 'ann', action: 'signAll', items })).toEqual({ allowed: false, reasons: ['m/9'] })
    expect(seen.map(({ action, clientId, path }) => [action, clientId, path])).toEqual(
      items.map(({ path }) => ['sign', 'ann', path]),
    )
    expect(policy.judgesAll).toBe(true)
    const hook = { signal: new AbortController().signal }
    expect(policy({ clientId: 'ann', action: 'signAll', items: items.slice(0, 1) }, hook)).toBe(true)
    expect(() => policy.explain({ clientId: 'ann', action: 'signAll', items: [{}] })).toThrow(TypeError)
    expect(() => policy.explain({ clientId: 'ann', action: 'signAll' })).toThrow(TypeError)
  })
})
