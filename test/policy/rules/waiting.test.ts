import { describe, expect, test } from 'vitest'
import {
  all,
  any,
  approvalAbove,
  createPolicy,
  delay,
  deny,
  kinds,
  maximum,
  recipients,
  requireApproval,
  type Rule,
} from '../../../src/policy/index.ts'
import { FRIEND, message, RAW, request, THIEF, transaction } from './support.ts'

const small = transaction({ to: FRIEND, value: 5n })
const large = transaction({ to: FRIEND, value: 10n ** 18n })
const stolen = transaction({ to: THIEF, value: 10n ** 18n })
const LIMIT = { 'ethereum:1': 100_000n }
const above = approvalAbove(LIMIT, { by: 'device' })
const signature = { signal: new AbortController().signal }

/** What a policy of a rule answers, without the reason. */
function answer(sign: Rule, intent: typeof small): unknown {
  const policy = createPolicy({ sign, others: () => false })
  const answered = policy(request(intent), signature)
  if (typeof answered !== 'object') return answered
  const { reason, ...conditions } = answered as { reason?: string }
  expect(reason).toMatch(/^[\x20-\x7e]{1,200}$/)
  return conditions
}

describe('approvalAbove', () => {
  test('allows what is small, asks for what is more, and denies what is not understood', () => {
    expect(answer(above, small)).toBe(true)
    expect(answer(above, large)).toEqual({ approval: 'device' })
    for (const intent of [RAW, message('hello'), transaction({ to: FRIEND, data: '0x12345678' })]) {
      expect(answer(above, intent)).toBe(false)
    }
    expect(answer(approvalAbove({ solana: 1n }), small)).toBe(false)
  })

  test('judges the sum of signatures that are made together', () => {
    const half = transaction({ to: FRIEND, value: 60_000n, gas: 1n })
    expect(above.judge(request(half))).toMatchObject({ allowed: true })
    expect(above.judgeAll!([request(half), request(half)])).toMatchObject({ allowed: true, approval: 'device' })
  })
})

describe('a rule that denies', () => {
  test.each<[string, Rule]>([
    ['beside one that asks', all(recipients([FRIEND]), above)],
    ['after one that asks', all(above, recipients([FRIEND]))],
    ['within requireApproval', requireApproval(all(recipients([FRIEND]), maximum({ 'ethereum:1': 10n ** 20n })))],
    ['within delay', delay(recipients([FRIEND]), { delayMs: 5 })],
    ['alone', requireApproval(deny())],
  ])('wins: %s', (_, rule) => expect(answer(rule, stolen)).toBe(false))
})

describe('conditions of several rules', () => {
  const ofTransactions = kinds('ethereumTransaction')
  test.each<[string, Rule, unknown]>([
    [
      'the longest delay',
      all(delay(ofTransactions, { delayMs: 5 }), delay(ofTransactions, { delayMs: 9 })),
      { delayMs: 9 },
    ],
    ['an approval and a delay', all(above, delay(ofTransactions, { delayMs: 5 })), { approval: 'device', delayMs: 5 }],
    ['who is named', all(requireApproval(ofTransactions), above), { approval: 'device' }],
    ['nobody that is both', all(requireApproval(ofTransactions, { by: 'operator' }), above), false],
    ['nobody that is both, one in the other', requireApproval(above, { by: 'operator' }), false],
    ['who is named, in any', requireApproval(above), { approval: 'device' }],
    ['a delay of a delay', delay(delay(ofTransactions, { delayMs: 9 }), { delayMs: 5 }), { delayMs: 9 }],
    ['nothing, if a rule allows it at once', any(above, ofTransactions), true],
    [
      'what the first wants, if all want something',
      any(above, delay(ofTransactions, { delayMs: 5 })),
      { approval: 'device' },
    ],
  ])('are %s', (_, rule, expected) => expect(answer(rule, large)).toEqual(expected))

  test('hold for signatures that are made together', () => {
    const rule = any(above, recipients([THIEF]))
    expect(rule.judgeAll!([request(large), request(stolen)])).toMatchObject({ allowed: true, approval: 'device' })
    expect(all(rule, deny()).judgeAll!([request(large)])).toMatchObject({ allowed: false })
  })
})

test('explain says who approves, how long it waits, and why', () => {
  const policy = createPolicy({ sign: delay(above, { delayMs: 5 }), others: () => false })
  expect(policy.explain(request(large))).toEqual({
    allowed: true,
    approval: 'device',
    delayMs: 5,
    reasons: ['delay: it waits 5 ms', expect.stringMatching(/^approvalAbove: \d+ of ethereum:1 is more than 100000$/)],
  })
})

test('wrong arguments are refused', () => {
  expect(() => requireApproval(undefined as never)).toThrow(TypeError)
  expect(() => requireApproval(deny(), { by: 'anybody' as never })).toThrow(TypeError)
  expect(() => approvalAbove({})).toThrow(TypeError)
  expect(() => approvalAbove(LIMIT, { by: '' as never })).toThrow(TypeError)
  for (const delayMs of [0, -1, 0.5, NaN, 400 * 24 * 3_600_000, '5']) {
    expect(() => delay(deny(), { delayMs: delayMs as number })).toThrow(TypeError)
  }
})
