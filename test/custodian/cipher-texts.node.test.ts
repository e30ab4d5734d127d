import { describe, expect, test } from 'vitest'
import { chosenDatabases } from '../e2e/support/databases.ts'
import { fileBackend, type Backend } from './support/cipher-texts.ts'

describe.each(chosenDatabases('custodian/cipher-texts'))('the cipherTexts on $name', ({ open }) => {
  let backend: Backend
  fileBackend(open, (made) => (backend = made))

  test('each backup keeps its own, the newest first, until its share is removed', async () => {
    const { put, get, ofClient } = backend.user('ann')
    const [first, second, third] = [
      await backend.newSet('ann'),
      await backend.newSet('ann'),
      await backend.newSet('ann'),
    ]
    expect([await put('1', first), await put('2', second), await put('3', third, 'PASSKEY')]).toEqual([204, 204, 204])
    expect([await get(), await get('&skip=1'), await get('&skip=2')]).toEqual(['2', '1', 'SHARE_NOT_FOUND'])
    expect([await get('', 'PASSKEY'), await ofClient(), await ofClient('?skip=2')]).toEqual(['3', '3', '1'])
    expect([await get(`&setId=${first}`), await get(`&setId=${third}`)]).toEqual(['1', 'SHARE_NOT_FOUND'])
    expect([await ofClient(`?setId=${second}`), await get('', 'CUSTOM')]).toEqual(['2', 'SHARE_NOT_FOUND'])
    await backend.remove('ann', second)
    expect([await get(), await get(`&setId=${second}`), await ofClient()]).toEqual(['1', 'SHARE_NOT_FOUND', '3'])
    await backend.remove('ann', second)
    await backend.remove('ann', third)
    expect([await get(), await ofClient()]).toEqual(['1', '1'])
    await backend.remove('ann', first)
    expect([await get(), await ofClient()]).toEqual(['SHARE_NOT_FOUND', 'SHARE_NOT_FOUND'])
  })

  test('a set has one by each method, which is put once: the same again changes nothing, another is refused', async () => {
    const { put, get } = backend.user('again')
    const [first, second] = [await backend.newSet('again'), await backend.newSet('again')]
    await put('1', first)
    await put('1 by passkey', first, 'PASSKEY')
    await put('2', second)
    for (const text of ['1 sealed anew', '2', '']) expect(await put(text, first)).not.toBe(204)
    expect(await put('1 sealed anew', first)).toBe('STORAGE_CONFLICT')
    expect(await put('1', first)).toBe(204)
    expect([await get(), await get('&skip=1'), await get('&skip=2')]).toEqual(['2', '1', 'SHARE_NOT_FOUND'])
    expect([await get(`&setId=${first}`), await get('', 'PASSKEY')]).toEqual(['1', '1 by passkey'])
    await backend.remove('again', first)
    expect([await put('1', first), await get(), await get('&skip=1')]).toEqual([
      'SHARE_NOT_FOUND',
      '2',
      'SHARE_NOT_FOUND',
    ])
  })

  test('of many that are put for a set at once one is kept, and its sender is told so', async () => {
    const { put, get } = backend.user('at once')
    const setId = await backend.newSet('at once')
    const texts = Array.from({ length: 6 }, (_, i) => `text ${i >> 1}`)
    const answers = await Promise.all(texts.map((text) => put(text, setId)))
    const kept = await get(`&setId=${setId}`)
    expect(texts).toContain(kept)
    expect(answers).toEqual(texts.map((text) => (text === kept ? 204 : 'STORAGE_CONFLICT')))
    expect(await get('&skip=1')).toBe('SHARE_NOT_FOUND')
  })

  test('none is kept for a set without a share of this client: a late one does not come back', async () => {
    const { put, get } = backend.user('late')
    const setId = await backend.newSet('late')
    await put('late', setId)
    await backend.remove('late', setId)
    expect([await put('late', setId), await put('late', await backend.newSet('stranger'))]).toEqual([
      'SHARE_NOT_FOUND',
      'SHARE_NOT_FOUND',
    ])
    expect(await get()).toBe('SHARE_NOT_FOUND')
  })

  test('a text and the removal of its share at once: none stays alone', async () => {
    const { put, get } = backend.user('race')
    for (let i = 0; i < 5; i++) {
      const setId = await backend.newSet('race')
      await Promise.all([put(`text ${i}`, setId), backend.remove('race', setId)])
    }
    expect(await get()).toBe('SHARE_NOT_FOUND')
  })

  test('removing shares takes nothing from another client', async () => {
    const setId = await backend.newSet('one')
    await backend.custodian.store({
      clientId: 'client two',
      setId,
      backupMethod: 'PASSWORD',
      share: backend.random(40),
    })
    for (const name of ['one', 'two']) await backend.user(name).put(`of ${name}`, setId)
    await backend.remove('one', setId)
    expect([await backend.user('one').get(), await backend.user('two').get()]).toEqual(['SHARE_NOT_FOUND', 'of two'])
  })

  test.each(['&setId=5e', '&skip=-1', '&skip=', '&skip=1e3', '&skip=01', '&skip=1000000'])(
    'a query of %s is refused',
    async (query) => {
      const { get, ofClient } = backend.user('ann')
      expect([await get(query), await ofClient(query.replace('&', '?'))]).toEqual(['BAD_REQUEST', 'BAD_REQUEST'])
    },
  )
})
