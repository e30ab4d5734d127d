import { describe, expect, test } from 'vitest'
import { all, any, createPolicy, deny, kinds, maximum, scopes, type Rule } from '../../../src/policy/index.ts'
import { FRIEND, message, request, transaction } from './support.ts'

const anything = kinds('ethereumMessage')
const rule = scopes({ agent: anything, closed: deny() }, { unscoped: anything })
const of = (judge: Rule, scope?: string) =>
  judge.judge({ ...request(message('hello')), ...(scope !== undefined && { scope }) }).allowed

describe('scopes', () => {
  test.each<[string, string | undefined, boolean]>([
    ['a scope whose rule allows', 'agent', true],
    ['a scope whose rule denies', 'closed', false],
    ['a scope without a rule', 'agents', false],
    ['the name of what objects inherit', 'constructor', false],
    ['no scope', undefined, true],
  ])('judges %s', (_, scope, allowed) => {
    expect(of(rule, scope)).toBe(allowed)
  })

  test('denies sets without a scope, unless there is a rule for them', () => {
    expect(of(scopes({ agent: anything }))).toBe(false)
    expect(of(scopes({ constructor: anything }), 'constructor')).toBe(true)
  })

  test('judges inside of other rules, and not instead of those beside it', () => {
    expect(of(all(scopes({ agent: anything }), deny()), 'agent')).toBe(false)
    expect(of(any(scopes({ agent: deny() }), anything), 'agent')).toBe(true)
  })

  test('says which scope it has judged', () => {
    const policy = createPolicy({ sign: rule, others: () => true })
    const explain = (scope?: string) =>
      policy.explain({ ...request(message('hello')), ...(scope !== undefined && { scope }) }).reasons
    expect(explain('agent')).toEqual(['scopes: agent', 'kinds: allowed'])
    expect(explain('closed')).toEqual(['scopes: closed', 'deny: everything is denied'])
    expect(explain('other')).toEqual(['scopes: other is none of them'])
    expect(explain()).toEqual(['scopes: no scope', 'kinds: allowed'])
  })

  test('judges what is signed together by its sum', () => {
    const most = scopes({ agent: maximum({ 'ethereum:1': 200_000n }) })
    const policy = createPolicy({ sign: most, others: () => true })
    const pay = transaction({ to: FRIEND, value: 70_000n })
    const judged = (count: number, scope: string) => {
      const items = Array.from({ length: count }, () => ({ ...request(pay), scheme: 'ecdsa' as const, path: 'm' }))
      return policy.explain({ clientId: 'ann', action: 'signAll', scope, items: items }).allowed
    }
    expect([judged(1, 'agent'), judged(2, 'agent'), judged(3, 'agent'), judged(1, 'other')]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  test('passes on what its rule reserves', () => {
    const reserve = [{ counter: 'a', amount: 1n, most: 2n, periodMs: 3 }]
    const reserving: Rule = { judge: () => ({ allowed: true, reasons: [], reserve }) }
    expect(scopes({ agent: reserving }).judge({ ...request(message('hello')), scope: 'agent' }).reserve).toBe(reserve)
  })

  test.each<[string, unknown, unknown]>([
    ['no rules', {}, {}],
    ['null', null, {}],
    ['a name that is no scope', { Agent: anything }, {}],
    ['what is no rule', { agent: true }, {}],
    ['what is no rule for the others', { agent: anything }, { unscoped: true }],
    ['no options', { agent: anything }, null],
  ])('refuses %s', (_, rules, options) => {
    expect(() => scopes(rules as never, options as never)).toThrow(TypeError)
  })
})
