import type { Approval, Denial } from 'reshare'
import type { PolicyIntent, PolicyRequest } from 'reshare/policy'
import { describe, expect, test } from 'vitest'
import { policyOf } from '../../../demo/policy.ts'
import { approvalWords } from '../../../demo/web/page/words/approvals.ts'
import { explain } from '../../../demo/web/page/words/errors.ts'
import { MpcError } from 'reshare/errors'

const ETHER = 10n ** 18n
const ADDRESS = '0x000000000000000000000000000000000000dEaD'
const DELAY_MS = 5_000
const policy = policyOf('page', DELAY_MS)

const signing = (intent: PolicyIntent): PolicyRequest => ({
  clientId: 'alice',
  action: 'sign',
  scheme: 'ecdsa',
  intent,
})

const payment = (value: bigint): PolicyIntent => ({
  kind: 'ethereumTransaction',
  verified: true,
  signer: ADDRESS,
  type: 'eip1559',
  chainId: 31_337,
  nonce: 0,
  to: ADDRESS,
  value,
  data: '0x',
  gas: 21_000n,
  maxFeePerGas: 1n,
  maxPriorityFeePerGas: 1n,
  maxFee: 21_000n,
  accessList: [],
  blobVersionedHashes: [],
  authorizations: [],
})

const permit: PolicyIntent = {
  kind: 'ethereumTypedData',
  verified: true,
  signer: ADDRESS,
  types: {
    Permit: ['owner address', 'spender address', 'value uint256', 'nonce uint256', 'deadline uint256'].map((field) => {
      const [name, type] = field.split(' ') as [string, string]
      return { name, type }
    }),
  },
  primaryType: 'Permit',
  domain: { name: 'USD Coin', chainId: '31337', verifyingContract: ADDRESS },
  message: { owner: ADDRESS, spender: ADDRESS, value: '1', nonce: '0', deadline: '1' },
}

describe('the policy of the demo’s pages', () => {
  test('counts a payment for the sum of an hour, which half an ether fits into once', () => {
    const { allowed, reserve } = policy.explain(signing(payment(ETHER / 2n)))
    expect(allowed).toBe(true)
    expect(reserve).toMatchObject([{ amount: ETHER / 2n + 21_000n, most: ETHER, periodMs: 3_600_000 }])
    expect(policy.explain(signing(payment(ETHER))).allowed).toBe(false)
  })

  test('denies a permit, and what nobody can see', () => {
    expect(policy.explain(signing(permit)).allowed).toBe(false)
    expect(policy.explain(signing({ kind: 'raw', verified: false })).allowed).toBe(false)
  })

  test('has another device approve a text for Ethereum', () => {
    const text: PolicyIntent = { kind: 'ethereumMessage', verified: true, signer: ADDRESS, data: '0x61', text: 'a' }
    expect(policy.explain(signing(text))).toMatchObject({ allowed: true, approval: 'device' })
  })

  test('has a recovery wait', async () => {
    const options = { signal: new AbortController().signal }
    expect(await policy({ clientId: 'alice', action: 'recover' }, options)).toMatchObject({ delayMs: DELAY_MS })
    expect(await policy({ clientId: 'alice', action: 'backup' }, options)).toBe(true)
  })
})

describe('what is asked for, in words', () => {
  const asked = (action: string, details: Approval['details']) =>
    approvalWords({ action, details } as Approval).rows.map(({ value }) => value)

  test('is the text that would be signed, with what cannot be seen', () => {
    expect(asked('sign', { intent: { kind: 'ethereumMessage', text: 'log in\u202e' } })).toEqual(['log in‹U+202E›'])
  })

  test('is all that the server says where it is not known', () => {
    expect(asked('sign', { intent: { kind: 'ethereumMessage', text: 7 } })).toEqual([
      '{"intent":{"kind":"ethereumMessage","text":7}}',
    ])
    expect(asked('export', { curve: 'ed25519' })).toEqual(['{"curve":"ed25519"}'])
  })

  test('is who recovers, and what becomes of the other devices', () => {
    expect(asked('recover', { label: 'Tablet\u200b', existingSets: 'retire' })).toEqual([
      'Tablet‹U+200B›',
      'are signed out',
    ])
  })
})

describe('a denial in the user’s words', () => {
  test.each<[string, Denial | undefined, string]>([
    ['a sum', { by: 'sum', reason: 'too much' }, 'This is more than you may pay in an hour.'],
    ['the policy', { by: 'policy', reason: '' }, 'The rules of the app do not allow this.'],
    ['another device', { by: 'approver', reason: '' }, 'Another device has stopped it, or nobody has approved it.'],
    ['a rule of every server', undefined, 'This is not allowed.'],
  ])('by %s', (_, denial, title) => {
    expect(explain(new MpcError('POLICY_DENIED', 'denied', { denial })).title).toBe(title)
  })

  test('has the reason of the policy', () => {
    const denial = { by: 'policy', reason: 'a permit is not understood' } as const
    const { advice } = explain(new MpcError('POLICY_DENIED', 'denied', { denial }))
    expect(advice).toContain('The reason: a permit is not understood.')
  })
})
