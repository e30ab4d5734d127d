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
  programs,
  recipients,
} from '../../../src/policy/index.ts'
import type { SolanaInstruction, SolanaTransactionIntent } from '../../../src/policy/solana/index.ts'
import type { PolicyIntent } from '../../../src/policy/types.ts'
import { allows, FRIEND, message, RAW, request, transaction } from './support.ts'

const [SYSTEM, TOKENS] = ['11111111111111111111111111111111', 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA']
const BUDGET = 'ComputeBudget111111111111111111111111111111'
const [ME, YOU, MINT] = ['Me11111111111111111111111111111111111111111', 'You1111111111111111111111111111111111111111', 'Mint111111111111111111111111111111111111111'] // prettier-ignore

const account = (address: string | null) => ({ address, lookup: null, isSigner: false, isWritable: true })
const little = (value: bigint, bytes: number) =>
  Array.from({ length: bytes }, (_, i) => ((value >> BigInt(8 * i)) & 255n).toString(16).padStart(2, '0')).join('')
const instruction = (program: string, data: string, ...accounts: (string | null)[]): SolanaInstruction => ({ program, data, accounts: accounts.map(account) }) // prettier-ignore
const pay = (to: string | null, amount: bigint) => instruction(SYSTEM, `02000000${little(amount, 8)}`, ME, to)
const checked = (code: string, mint: string | null, to: string | null, amount: bigint) =>
  instruction(TOKENS, `${code}${little(amount, 8)}06`, ME, mint, to, ME)

function solana(instructions: readonly SolanaInstruction[], more: Partial<SolanaTransactionIntent> = {}): PolicyIntent {
  const lifetime = { kind: 'blockhash', blockhash: ME } as const
  const about = {
    kind: 'solanaTransaction',
    verified: true,
    signer: ME,
    version: 0,
    feePayer: ME,
    signers: [ME],
  } as const
  return { ...about, priorityFee: null, lifetime, instructions, lookupTables: [], ...more }
}

describe('recipients and maximum, for Solana', () => {
  const friend = recipients([YOU])
  const small = maximum({ solana: 6_000n, [`solana:${MINT}`]: 10n })
  const both = (intent: PolicyIntent) => [allows(friend, intent), allows(small, intent)]

  test.each<[string, PolicyIntent, boolean, boolean]>([
    ['a payment', solana([pay(YOU, 1_000n)]), true, true],
    ['tokens', solana([checked('0c', MINT, YOU, 10n)]), true, true],
    ['an approval', solana([checked('0d', MINT, YOU, 10n)]), true, true],
    [
      'a price for the least units',
      solana([instruction(BUDGET, '02e8030000'), instruction(BUDGET, `03${little(1_000_000n, 8)}`)]),
      true,
      true,
    ],
    ['a fee that somebody else pays', solana([pay(YOU, 6_000n)], { feePayer: YOU, signers: [YOU, ME] }), true, true],
    ['two payments', solana([pay(YOU, 501n), pay(YOU, 500n)]), true, false],
    ['a payment to a thief', solana([pay(MINT, 1n)]), false, true],
    ['tokens to a thief', solana([checked('0c', MINT, ME, 1n)]), false, true],
    ['too many tokens', solana([checked('0c', MINT, YOU, 11n)]), true, false],
    ['other tokens', solana([checked('0c', ME, YOU, 1n)]), true, false],
    ['a high price', solana([instruction(BUDGET, `03${little(1_000_000n, 8)}`)]), true, false],
    ['a high price of version 1', solana([], { version: 1, priorityFee: 1_001n }), true, false],
    ['two signers that are paid', solana([], { signers: [ME, YOU] }), true, false],
    ['a recipient of a lookup table', solana([pay(null, 1n)]), false, false],
    ['a mint of a lookup table', solana([checked('0c', null, YOU, 1n)]), false, false],
    ['tokens without a mint', solana([instruction(TOKENS, `03${little(1n, 8)}`, ME, YOU, ME)]), false, false],
    ['another authority', solana([instruction(TOKENS, '060200', ME, ME)]), false, false],
    ['a durable nonce', solana([instruction(SYSTEM, '04000000', YOU, ME, ME), pay(YOU, 1n)]), false, false],
    ['an account that is assigned', solana([instruction(SYSTEM, `01000000${'00'.repeat(32)}`, ME)]), false, false],
    [
      'a payment with bytes left over',
      solana([instruction(SYSTEM, `02000000${little(1n, 8)}00`, ME, YOU)]),
      false,
      false,
    ],
    ['another program', solana([instruction(YOU, '00', YOU)]), false, false],
  ])('judge %s', (_, intent, byRecipient, byAmount) => {
    expect(both(intent)).toEqual([byRecipient, byAmount])
  })
})

test('programs allows what these programs do', () => {
  const rule = programs([SYSTEM, YOU])
  expect(allows(rule, solana([pay(MINT, 1n), instruction(YOU, '00', null)]))).toBe(true)
  expect(allows(rule, solana([pay(MINT, 1n), instruction(TOKENS, '00')]))).toBe(false)
  expect([allows(rule, RAW), allows(rule, transaction({ to: FRIEND }))]).toEqual([false, false])
  for (const wrong of [[], [1], SYSTEM]) expect(() => programs(wrong as never)).toThrow(TypeError)
})

describe('recipients and maximum, for Bitcoin', () => {
  const bitcoin = (change: Partial<BitcoinIntent> = {}): PolicyIntent => ({
    kind: 'bitcoinTransaction',
    verified: true,
    input: 0,
    sighashType: 1,
    type: 'p2wpkh',
    version: 2,
    lockTime: 0,
    inputs: [],
    outputs: [
      { amount: 40n, script: '00', address: 'bc1friend', isOwn: false },
      { amount: 1_000n, script: '01', address: 'bc1me', isOwn: true },
    ],
    fee: 10n,
    ...change,
  })
  const stranger = { amount: 1n, script: '02', address: 'bc1thief', isOwn: false }
  const data = { amount: 0n, script: '6a', address: null, isOwn: false }

  test.each<[string, PolicyIntent, boolean, boolean]>([
    ['a payment with change', bitcoin(), true, true],
    ['a fee that is not proven', bitcoin({ fee: null }), false, false],
    ['a high fee', bitcoin({ fee: 11n }), true, false],
    ['change to a stranger', bitcoin({ outputs: [stranger] }), false, true],
    ['data', bitcoin({ outputs: [data] }), false, true],
  ])('judge %s', (_, intent, byRecipient, byAmount) => {
    expect(allows(recipients(['bc1friend']), intent)).toBe(byRecipient)
    expect(allows(maximum({ bitcoin: 50n }), intent)).toBe(byAmount)
  })
})

describe('rules together', () => {
  const [yes, no] = [kinds('raw'), deny()]

  test('all needs every one, any needs one', () => {
    expect([allows(all(yes, yes), RAW), allows(all(yes, no), RAW)]).toEqual([true, false])
    expect([allows(any(no, yes), RAW), allows(any(no, no), RAW)]).toEqual([true, false])
    expect([allows(no, RAW), allows(kinds('ethereumMessage'), RAW)]).toEqual([false, false])
    expect(allows(kinds('ethereumMessage'), message('hello'))).toBe(true)
    for (const make of [all, any]) {
      expect(() => make()).toThrow(TypeError)
      expect(() => make({} as never)).toThrow(TypeError)
    }
    expect(() => kinds()).toThrow(TypeError)
  })

  test('say why', () => {
    const rule = any(kinds('raw'), all(recipients([FRIEND]), maximum({ bitcoin: 1n })))
    const { allowed, reasons } = rule.judge(request(message('hello')))
    expect(allowed).toBe(false)
    expect(reasons).toEqual([
      'kinds: ethereumMessage is none of them',
      'recipients: this ethereumMessage is not understood',
      'maximum: this ethereumMessage is not understood',
    ])
    expect(rule.judge(request(RAW))).toEqual({ allowed: true, reasons: ['kinds: allowed'] })
  })

  test('a policy judges signatures by its rules, and other actions as it is told', async () => {
    const options = { signal: new AbortController().signal }
    const policy = createPolicy({ sign: kinds('raw'), others: ({ action }) => action === 'backup' })
    expect(await policy(request(RAW), options)).toBe(true)
    expect(await policy(request(message('hello')), options)).toBe(false)
    expect(await policy({ clientId: 'ann', action: 'backup' }, options)).toBe(true)
    expect(await policy({ clientId: 'ann', action: 'export' }, options)).toBe(false)
    expect(policy.explain(request(RAW))).toEqual({ allowed: true, reasons: ['kinds: allowed'] })
    expect(() => policy.explain({ clientId: 'ann', action: 'backup' })).toThrow(TypeError)
    const isExplained = { sign: kinds('raw'), others: () => true, explainsDenials: true }
    const reason = 'kinds: ethereumMessage is none of them'
    expect(await createPolicy(isExplained)(request(message('hello')), options)).toEqual({ allowed: false, reason })
    expect(await createPolicy(isExplained)(request(RAW), options)).toBe(true)
    expect(() => createPolicy({ ...isExplained, explainsDenials: 1 as never })).toThrow(TypeError)
    for (const wrong of [undefined, {}, { sign: deny() }, { others: () => true }, { sign: {}, others: () => true }]) {
      expect(() => createPolicy(wrong as never)).toThrow(TypeError)
    }
  })
})

describe('a maximum per period', () => {
  const rule = maximumPerPeriod({ solana: 10_000n, [`solana:${MINT}`]: 10n }, { periodMs: 1000 })
  const paid = (amount: bigint, most: bigint, asset = 'solana') => ({ counter: `period/1000/${asset}`, amount, most, periodMs: 1000 }) // prettier-ignore

  test('reserves what is paid, by asset', () => {
    expect(rule.judge(request(solana([pay(YOU, 100n), checked('0c', MINT, YOU, 4n), pay(ME, 1n)]))).reserve).toEqual([
      paid(5_101n, 10_000n),
      paid(4n, 10n, `solana:${MINT}`),
    ])
  })

  test('adds once to a sum that two rules name, and the lower maximum holds', () => {
    const lower = maximumPerPeriod({ solana: 9_000n }, { periodMs: 1000 })
    for (const rules of [
      [rule, lower],
      [lower, rule],
    ]) {
      expect(all(...rules).judge(request(solana([pay(YOU, 100n)]))).reserve).toEqual([paid(5_100n, 9_000n)])
    }
  })

  test.each<[string, PolicyIntent]>([
    ['more than the sum may be at all', solana([pay(YOU, 5_001n)])],
    ['another asset', solana([checked('0c', ME, YOU, 1n)])],
    ['what is not understood', solana([instruction(YOU, '00')])],
    ['what nobody knows', RAW],
  ])('denies %s, and reserves nothing', (_, intent) => {
    const verdict = rule.judge(request(intent))
    expect([verdict.allowed, verdict.reserve]).toEqual([false, undefined])
  })

  test('is reserved by a policy, and by others only if they decide', async () => {
    const options = { signal: new AbortController().signal }
    const others = () => true
    const intent = solana([pay(YOU, 1n)])
    const reserve = [paid(5_001n, 10_000n)]
    expect(await createPolicy({ sign: all(kinds('solanaTransaction'), rule), others })(request(intent), options)).toEqual({ reserve }) // prettier-ignore
    expect(await createPolicy({ sign: any(deny(), rule), others })(request(intent), options)).toEqual({ reserve })
    expect(await createPolicy({ sign: any(kinds('solanaTransaction'), rule), others })(request(intent), options)).toBe(true) // prettier-ignore
    expect(await createPolicy({ sign: all(rule, deny()), others })(request(intent), options)).toBe(false)
  })

  test('has a period', () => {
    for (const wrong of [undefined, {}, { periodMs: 0 }, { periodMs: 1, name: 1 }]) {
      expect(() => maximumPerPeriod({ solana: 1n }, wrong as never)).toThrow(TypeError)
    }
  })
})
