import { describe, expect, test } from 'vitest'
import { chosenDatabases } from '../e2e/support/databases.ts'
import { fileBackend, type Backend } from './support/cipher-texts.ts'

describe.each(chosenDatabases('custodian/cipher-texts'))('cipherTexts without a setId on $name', ({ open }) => {
  let backend: Backend
  fileBackend(open, (made) => (backend = made))

  test('the numbers of texts go on past 32 bits, and those of shares', async () => {
    for (const table of ['reshare_custodian_shares', 'reshare_custodian_ciphertexts']) {
      await backend.database.query(`alter table ${table} alter column ordinal restart with 2147483647`)
    }
    const { put, get } = backend.user('many')
    for (const text of ['1', '2']) expect(await put(text, await backend.newSet('many'))).toBe(204)
    expect([await get(), await get('&skip=1')]).toEqual(['2', '1'])
  })

  test('are kept until every set that they may be of has lost its shares', async () => {
    const { put, get } = backend.user('bare')
    const first = await backend.newSet('bare')
    expect(await put('1')).toBe(204)
    const second = await backend.newSet('bare')
    for (const text of ['2', '2']) expect(await put(text)).toBe(204)
    const third = await backend.newSet('bare')
    expect([await get(), await get('&skip=1'), await get('&skip=2')]).toEqual(['2', '1', 'SHARE_NOT_FOUND'])
    expect([await get(`&setId=${first}`), await get(`&setId=${first}&skip=1`)]).toEqual(['2', '1'])
    expect([await get(`&setId=${second}&skip=1`), await get(`&setId=${third}`)]).toEqual([
      'SHARE_NOT_FOUND',
      'SHARE_NOT_FOUND',
    ])
    await put('1 by name', first)
    await put('2 by name', second)
    await put('2')
    expect([await get(), await get(`&setId=${first}`), await get(`&setId=${first}&skip=1`)]).toEqual([
      '2',
      '1 by name',
      '2',
    ])
    await backend.remove('bare', first)
    expect([await get(), await get('&skip=1'), await get('&skip=2')]).toEqual(['2', '2 by name', 'SHARE_NOT_FOUND'])
    await backend.remove('bare', second)
    expect([await get(), await get('&skip=1')]).toEqual(['2', 'SHARE_NOT_FOUND'])
    await backend.remove('bare', third)
    expect(await get()).toBe('SHARE_NOT_FOUND')
  })

  test('so many are kept and no more: the next is refused, and one with its setId is not', async () => {
    const { put, get } = backend.user('full')
    const setId = await backend.newSet('full')
    for (let i = 1; i <= 32; i++) expect(await put(`text ${i}`, undefined, i > 16 ? 'PASSKEY' : 'PASSWORD')).toBe(204)
    expect([await put('text 33'), await put('text 33', setId)]).toEqual(['POLICY_DENIED', 204])
    expect([await put('text 1'), await get(), await get('&skip=16')]).toEqual([204, 'text 1', 'text 2'])
    expect(await backend.user('somebody else').put('text 1')).toBe(204)
    await backend.remove('full', setId)
    await backend.newSet('full')
    expect(await put('text 34')).toBe(204)
  })
})
