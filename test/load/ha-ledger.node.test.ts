import { expect, test } from 'vitest'
import { compareLedger, judgeLedger } from '../../load/ha/audit-ledger.mjs'
import { longestGap, type Entry } from '../../load/ha/ledger.mjs'

const decision = (key: string, of = 'COMMIT', at = 0): Entry => ({ kind: 'decision', key, decision: of, at })
const use = (key: string): Entry => ({ kind: 'preprocessing', key, at: 0 })

const acknowledged = [decision('a/1'), decision('a/2', 'ABORT'), use('set/1')]
const found = { decisions: new Map([['a/1', 'COMMIT'], ['a/2', 'ABORT']]), preprocessings: new Set(['set/2']) } // prettier-ignore

const judge = (entries: Entry[], there = found, unsure: Entry[] = []) =>
  judgeLedger(compareLedger({ acknowledged: entries, unsure }, there))

test('a database that has what it acknowledged, once, holds', () => {
  expect(judge(acknowledged)).toEqual([])
})

test('a decision whose commit failed may be there, or not', () => {
  const there = { ...found, decisions: new Map([...found.decisions, ['a/3', 'COMMIT']]) }
  expect(judge(acknowledged, there, [decision('a/3'), decision('a/4')])).toEqual([])
})

test.for<[string, Entry[], typeof found]>([
  ['decisions acknowledged and lost: 1', [...acknowledged, decision('a/3')], found],
  ['decisions acknowledged and changed: 1', acknowledged, { ...found, decisions: new Map([...found.decisions, ['a/2', 'COMMIT']]) }], // prettier-ignore
  ['acknowledged twice: 1', [...acknowledged, decision('a/1')], found],
  ['acknowledged twice: 1', [...acknowledged, use('set/1')], found],
  ['preprocessings used and there again: 1', acknowledged, { ...found, preprocessings: new Set(['set/1']) }],
  ['decisions that the ledger has not seen: 1', acknowledged, { ...found, decisions: new Map([...found.decisions, ['a/3', 'COMMIT']]) }], // prettier-ignore
])('%s', ([reason, entries, there]) => {
  expect(judge(entries, there)).toEqual([reason])
})

test('a ledger without decisions proves nothing', () => {
  expect(judge([], { decisions: new Map(), preprocessings: new Set() })).toEqual(['the ledger is empty'])
})

test('the longest time without a commit counts from the beginning and to the end', () => {
  const ledger = { acknowledged: [1000, 1100, 1500, 1600].map((at) => decision(`a/${at}`, 'COMMIT', at)), unsure: [] }
  expect(longestGap(ledger, 1050, 1550)).toBe(400)
  expect(longestGap(ledger, 400, 1550)).toBe(600)
  expect(longestGap(ledger, 1050, 2500)).toBe(900)
  expect(longestGap(ledger, 2000, 2500)).toBe(500)
})
