import { describe, expect, test } from 'vitest'
import type { CustodianApp } from '../../src/custodian/index.ts'
import { toBase64 } from '../../src/util/bytes.ts'
import { chosenDatabases } from '../e2e/support/databases.ts'
import { clientsPath, custodianOf, usersPath } from '../support/custodian-app.ts'
import { fileHandler } from './support/handler.ts'
import type { CustodianWorld } from './support/world.ts'

const SET = '5e'.repeat(32)
const OTHER_SET = '5f'.repeat(32)

describe.each(chosenDatabases('custodian/handler'))('the custodian handler on $name', ({ open }) => {
  let world: CustodianWorld
  let app: CustodianApp
  const { call, share } = fileHandler(open, (made) => ({ world, app } = made))

  test('keeps every share of a client, once, in the order they came', async () => {
    const [first, second] = [share(), share()]
    for (const one of [first, second, first]) {
      const body = { clientId: 'client shares', backupMethod: 'PASSWORD', share: one, setId: SET }
      expect(await call('POST', '/backup', { body })).toEqual({ status: 200, json: {} })
    }
    expect(await call('POST', '/backup/fetch', { body: { clientId: 'client shares' } })).toEqual({
      status: 200,
      json: { backupShares: [first, second] },
    })
    expect(await call('POST', '/backup/fetch', { body: { clientId: 'another' } })).toMatchObject({
      json: { backupShares: [] },
    })
  })

  test('gives and removes the shares of one set, of one client', async () => {
    for (const clientId of ['sets a', 'sets b']) {
      for (const setId of [SET, OTHER_SET]) {
        await call('POST', '/backup', { body: { clientId, backupMethod: 'CUSTOM', share: share(), setId } })
      }
    }
    const count = async (clientId: string, setId?: string) => {
      const { json } = await call('POST', '/backup/fetch', { body: { clientId, ...(setId && { setId }) } })
      return (json as { backupShares: string[] }).backupShares.length
    }
    expect([await count('sets a'), await count('sets a', SET)]).toEqual([2, 1])
    const removal = { body: { clientId: 'sets a', setId: SET } }
    for (const _ of [1, 2]) expect(await call('POST', '/backup/delete', removal)).toEqual({ status: 200, json: {} })
    expect([await count('sets a'), await count('sets a', SET), await count('sets b', SET)]).toEqual([1, 0, 1])
  })

  test('the same share of two clients is two rows, and none lies in the clear', async () => {
    const one = share()
    for (const clientId of ['twin a', 'twin b']) {
      await call('POST', '/backup', { body: { clientId, backupMethod: 'PASSKEY', share: one, setId: SET } })
      expect((await call('POST', '/backup/fetch', { body: { clientId } })).json).toEqual({ backupShares: [one] })
    }
    const rows = await world.database.query('select sealed from reshare_custodian_shares')
    for (const row of rows) expect(toBase64(row['sealed'] as Uint8Array)).not.toContain(one.slice(4, -4))
  })

  test('a share moved to another client does not open', async () => {
    const body = { clientId: 'victim', backupMethod: 'PASSWORD', share: share(), setId: SET }
    await call('POST', '/backup', { body })
    await world.database.query(`update reshare_custodian_shares set client_id = 'thief' where client_id = 'victim'`)
    expect((await call('POST', '/backup/fetch', { body: { clientId: 'thief' } })).status).toBe(422)
    await world.database.query(`delete from reshare_custodian_shares where client_id = 'thief'`)
  })

  test('gives each user the newest cipherText by method, and each client its newest', async () => {
    const put = async (backupMethod: string, cipherText: string) =>
      expect(await call('PUT', usersPath('ann'), { user: 'ann', body: { backupMethod, cipherText } })).toEqual({
        status: 204,
        json: undefined,
      })
    const get = async (method: string) =>
      (await call('GET', `${usersPath('ann')}?backupMethod=${method}`, { user: 'ann' })).json
    await put('PASSWORD', 'one')
    await put('PASSKEY', 'two')
    expect(await get('PASSWORD')).toEqual({ cipherText: 'one' })
    expect((await call('GET', clientsPath('ann'), { user: 'ann' })).json).toEqual({ cipherText: 'two' })
    await put('PASSWORD', 'three')
    expect(await get('PASSWORD')).toEqual({ cipherText: 'three' })
    expect(await get('PASSKEY')).toEqual({ cipherText: 'two' })
    expect((await call('GET', clientsPath('ann'), { user: 'ann' })).json).toEqual({ cipherText: 'three' })
  })

  test('what is not there is SHARE_NOT_FOUND', async () => {
    for (const path of [`${usersPath('new')}?backupMethod=PASSWORD`, clientsPath('new')]) {
      const { status, json } = await call('GET', path, { user: 'new' })
      expect([status, json]).toEqual([
        404,
        { error: { id: 'SHARE_NOT_FOUND', message: 'no backup is stored here', retryable: false } },
      ])
    }
  })

  test('a user reaches only own rows, and is told nothing of others', async () => {
    await call('PUT', usersPath('bob'), { user: 'bob', body: { backupMethod: 'PASSWORD', cipherText: 'of bob' } })
    const body = { backupMethod: 'PASSWORD', cipherText: 'of eve' }
    const answers = []
    for (const target of ['bob', 'nobody at all']) {
      answers.push(await call('GET', `${usersPath(target)}?backupMethod=PASSWORD`, { user: 'eve' }))
      answers.push(await call('GET', clientsPath(target), { user: 'eve' }))
      answers.push(await call('PUT', usersPath(target), { user: 'eve', body }))
    }
    answers.push(await call('GET', clientsPath('bob')))
    for (const answer of answers) {
      expect(answer).toEqual({
        status: 401,
        json: { error: { id: 'AUTH_FAILED', message: 'not authorized', retryable: false } },
      })
    }
    const { json } = await call('GET', `${usersPath('bob')}?backupMethod=PASSWORD`, { user: 'bob' })
    expect(json).toEqual({ cipherText: 'of bob' })
  })

  test('the webhook client and the handler understand each other', async () => {
    const custodian = custodianOf(app, { url: 'https://app.test/' })
    const half = world.random(700)
    await custodian.store({ clientId: 'round trip', backupMethod: 'ICLOUD', setId: SET, share: half })
    await custodian.store({ clientId: 'round trip', backupMethod: 'ICLOUD', setId: SET, share: half })
    expect(await custodian.fetch('round trip', SET)).toEqual([half])
    expect(await custodian.fetch('round trip', OTHER_SET)).toEqual([])
    await custodian.delete('round trip', OTHER_SET)
    expect(await custodian.fetch('round trip', SET)).toEqual([half])
    for (const _ of [1, 2]) await custodian.delete('round trip', SET)
    expect(await custodian.fetch('round trip', SET)).toEqual([])
    const stranger = custodianOf(app, { secret: 'some-other-secret-here' })
    await expect(stranger.fetch('round trip', SET)).rejects.toMatchObject({ code: 'WEBHOOK_FAILED', retryable: false })
  })
})
