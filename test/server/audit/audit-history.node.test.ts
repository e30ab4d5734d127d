import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { encodeEntry, entryHash, GENESIS, type AuditEntry } from '../../../src/server/audit/entry.ts'
import { findDisagreement, newHistory, applyEntry, type SetHistory } from '../../../src/server/audit/history.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { toHex } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { seededRandom } from '../../support/random.ts'
import { createTables, type Tables } from '../support/tables.ts'

type Compared = Parameters<typeof findDisagreement>[1]

let tables: Tables
let random: RandomSource
beforeAll(async () => {
  random = seededRandom()
  tables = await createTables(pgliteDatabase(), random)
})
afterEach(() => expect(tables.errors.splice(0)).toEqual([]))
afterAll(() => tables.database.close())

test('an entry is hashed as docs/wire.md shows', () => {
  const document = readFileSync(new URL('../../../docs/wire.md', import.meta.url), 'utf8')
  const shown = (name: string) =>
    new RegExp(`^\`\`\`hex ${name}\n([^\`]*)`, 'm').exec(document)?.[1]?.replace(/#.*$/gm, '').replace(/\s/g, '')
  const entry: AuditEntry = {
    clientId: 'ann',
    sequence: 1,
    at: new Date('2026-01-02T03:04:05.678Z'),
    epoch: 1,
    event: 'prepared',
    walletId: '000102030405060708090a0b0c0d0e0f',
    setId: 'ab'.repeat(32),
    operationId: '101112131415161718191a1b1c1d1e1f',
    detail: 'generate',
  }
  expect(toHex(encodeEntry(GENESIS, entry))).toBe(shown('audit-entry'))
  expect(toHex(entryHash(new Uint8Array(32).fill(7), GENESIS, entry))).toBe(shown('audit-entry-hash'))
})

describe('the history of a set', () => {
  const entry = (text: string): AuditEntry => {
    const [event, detail = ''] = text.split(':') as [string, string?]
    return {
      ...{ clientId: 'ann', sequence: 1, at: new Date(0), epoch: 1, event, detail },
      ...{ walletId: '', setId: 'set', operationId: '' },
    }
  }
  const plays = (...events: string[]) => {
    const history = newHistory()
    return events.map((text) => applyEntry(history, entry(text)))
  }
  const told = (...events: string[]) => {
    const history = newHistory()
    expect(events.map((text) => applyEntry(history, entry(text)))).toEqual(events.map(() => true))
    return history
  }
  const unknown: SetHistory = {
    ...{ state: undefined, bannedIn: undefined, replaces: [], limits: '' },
    ...{ committed: false, proven: false, exported: false },
  }
  const prepared: SetHistory = { ...unknown, state: 'PREPARED' }

  test.each([
    ['a set that was made twice', ['prepared', 'prepared']],
    ['one that comes into use before it was made', ['activated']],
    ['one that ends before it was made', ['destroyed']],
    ['a proof of a set that does not sign yet', ['prepared', 'proven']],
    ['an end of a set that has ended', ['prepared', 'activated', 'retiring', 'destroyed', 'retiring']],
    ['a backup that was committed twice', ['prepared', 'committed', 'committed']],
    ['a set that comes into use after it was committed as a backup', ['prepared', 'committed', 'activated']],
    ['an abort of what was committed', ['prepared', 'committed', 'aborted']],
    ['a confirmation of what was not', ['prepared', 'confirmed']],
    ['limits of a set that signs', ['prepared', 'activated', 'limited']],
    ['an end by time of a set that has ended', ['prepared', 'activated', 'expired', 'expired']],
  ])('refuses %s', (_, events) => {
    expect(plays(...events)).toEqual(events.map((_event, i) => i < events.length - 1))
  })

  test.each([
    ['committed', ['PREPARED'], undefined],
    ['activated', ['PREPARED'], 'ACTIVE'],
    ['proven', ['ACTIVE'], undefined],
    ['exported', ['ACTIVE'], undefined],
    ['retiring', ['ACTIVE'], 'RETIRING'],
    ['destroyed', ['RETIRING', 'ACTIVE', 'PREPARED'], 'DESTROYED'],
    ['aborted', ['PREPARED'], 'ABORTED'],
    ['recoveryStarted', ['PREPARED', 'ACTIVE', 'RETIRING', 'DESTROYED', 'ABORTED'], undefined],
  ])('knows what states a set may be in when it is %s', (event, from, to) => {
    for (const state of ['PREPARED', 'ACTIVE', 'RETIRING', 'DESTROYED', 'ABORTED'] as const) {
      const history: SetHistory = { ...newHistory(), state }
      const allowed = from.includes(state)
      expect([state, applyEntry(history, entry(event))]).toEqual([state, allowed])
      expect(history.state).toBe(allowed ? (to ?? state) : state)
    }
  })

  test('tells what a set is after each event', () => {
    expect(newHistory()).toEqual(unknown)
    expect(told('prepared')).toEqual(prepared)
    expect(told('prepared', 'committed')).toEqual({ ...prepared, committed: true })
    expect(told('prepared', 'committed', 'confirmed')).toEqual({ ...prepared, state: 'ACTIVE', committed: true })
    const active: SetHistory = { ...prepared, state: 'ACTIVE', committed: true }
    expect(told('prepared', 'activated')).toEqual(active)
    expect(told('prepared', 'activated', 'proven')).toEqual({ ...active, proven: true })
    expect(told('prepared', 'activated', 'exported')).toEqual({ ...active, exported: true })
    expect(told('prepared', 'activated', 'retiring')).toEqual({ ...active, state: 'RETIRING' })
    expect(told('prepared', 'activated', 'expired')).toEqual({ ...active, state: 'RETIRING' })
    expect(told('prepared', 'limited:scope=agent')).toEqual({ ...prepared, limits: 'scope=agent' })
    expect(told('prepared', 'aborted')).toEqual({ ...prepared, state: 'ABORTED' })
    expect(told('prepared', 'poisoned:3')).toEqual({ ...prepared, bannedIn: 3 })
  })

  test('is compared with the row of the set', () => {
    const active: SetHistory = { ...prepared, state: 'ACTIVE' }
    const row: Compared = {
      state: 'ACTIVE',
      ...{ committedAt: null, provenAt: null, exportedAt: null, poisoned: null, banLogged: null },
      ...{ scope: null, expiresAt: null },
    }
    const differs = (history: Partial<SetHistory>, columns: Partial<Compared> = {}) =>
      findDisagreement({ ...active, ...history }, { ...row, ...columns }, 2)
    expect(differs({})).toBeUndefined()
    expect(differs({ state: undefined })).toBe('is ACTIVE in the database and undefined in the log')
    for (const what of ['committed', 'proven', 'exported'] as const) {
      expect(differs({ [what]: true })).toBe(`is ${what} in the log only`)
      expect(differs({}, { [`${what}At`]: new Date(0) })).toBe(`is ${what} in the database only`)
      expect(differs({ [what]: true }, { [`${what}At`]: new Date(0) })).toBeUndefined()
    }
    const expiresAt = new Date(0)
    expect(differs({ limits: 'scope=agent' }, { scope: 'agent' })).toBeUndefined()
    expect(
      differs({ limits: 'scope=agent expiresAt=1970-01-01T00:00:00.000Z' }, { scope: 'agent', expiresAt }),
    ).toBeUndefined()
    for (const changed of [{ scope: null }, { scope: 'other' }, { scope: 'agent', expiresAt }]) {
      expect(differs({ limits: 'scope=agent' }, changed)).toBe('has other limits in the database than in the log')
    }
    const banned = { poisoned: true, banLogged: true }
    expect(differs({}, banned)).toBe('is banned in the database only')
    // Its ban is written by itself, and told of afterwards.
    expect(differs({}, { ...banned, banLogged: false })).toBeUndefined()
    expect(differs({}, { ...banned, poisoned: false })).toBeUndefined()
    expect(differs({ bannedIn: 2 }, banned)).toBeUndefined()
    expect(differs({ bannedIn: 2 })).toBe('is banned in the log only')
    // A new setup takes the place of one that was banned in another life, and the end of a set takes it away.
    expect(differs({ bannedIn: 1 })).toBeUndefined()
    expect(differs({ bannedIn: 2, state: 'RETIRING' }, { state: 'RETIRING' })).toBeUndefined()
  })
})
