import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CustodianApp } from '../../src/custodian/index.ts'
import type { Database } from '../../src/service/database/types.ts'
import { toHex } from '../../src/util/bytes.ts'
import { databaseKinds } from '../e2e/support/databases.ts'
import { custodianApp, custodianOf, request, storeShare, userOf, usersPath } from '../support/custodian-app.ts'
import { seededRandom } from '../support/random.ts'

describe.each(databaseKinds)('the list of a user’s cipherTexts, on $name', ({ open }) => {
  const random = seededRandom()
  let database: Database
  let app: CustodianApp
  beforeAll(async () => {
    database = await open()
    app = custodianApp({ database, random })
  })
  afterAll(() => database.close())

  const put = async (user: string, cipherText: string, setId?: string, backupMethod = 'PASSWORD') =>
    expect((await request(app, 'PUT', usersPath(user), { user, body: { backupMethod, cipherText, setId } })).code).toBe(
      'OK',
    )
  const list = async (user: string, query = '') => {
    const { json, code } = await request(app, 'GET', `/v1/backups${query}`, { user, secret: null })
    return code === 'OK' ? (json as { backups: unknown[] }).backups : code
  }

  test('has those of every method, newest first, and goes with their shares', async () => {
    const user = 'ann'
    const sets = [toHex(random(32)), toHex(random(32))] as const
    for (const setId of sets) await storeShare(app, user, setId, random(40))
    await put(user, 'one', sets[0])
    await put(user, 'two', sets[1], 'PASSKEY')
    await put(user, 'three')
    await put('bob', 'of bob')
    const [one, two, three] = [
      { setId: sets[0], backupMethod: 'PASSWORD', cipherText: 'one' },
      { setId: sets[1], backupMethod: 'PASSKEY', cipherText: 'two' },
      { setId: null, backupMethod: 'PASSWORD', cipherText: 'three' },
    ]
    expect(await list(user)).toEqual([three, two, one])
    expect(await list(user, '?skip=1')).toEqual([two, one])
    expect(await list(user, '?skip=3')).toEqual([])
    await custodianOf(app).delete(userOf(user).clientId, sets[0])
    expect(await list(user)).toEqual([three, two])
    expect(await list('bob')).toMatchObject([{ cipherText: 'of bob' }])
    expect(await list('nobody else')).toEqual([])
  })

  test('has no text of another client of the same user', async () => {
    const of = (clientId: string) =>
      custodianApp({ database, random, authenticateUser: () => ({ userId: 'carol', clientId }) })
    const body = { backupMethod: 'PASSWORD', cipherText: 'of the phone' }
    const path = '/users/carol/encrypted-user-backup-shares'
    expect((await request(of('phone'), 'PUT', path, { body })).status).toBe(204)
    expect((await request(of('phone'), 'GET', '/v1/backups')).json).toMatchObject({ backups: [body] })
    expect((await request(of('laptop'), 'GET', '/v1/backups')).json).toEqual({ backups: [] })
  })

  test('goes page by page', async () => {
    const texts = Array.from({ length: 19 }, (_, i) => `text ${i}`)
    for (const text of texts) await put('dave', text)
    const pages: string[][] = []
    for (let skip = 0; ; skip += pages.at(-1).length) {
      const page = (await list('dave', `?skip=${skip}`)) as { cipherText: string }[]
      pages.push(page.map(({ cipherText }) => cipherText))
      if (page.length === 0) break
    }
    expect(pages.map((page) => page.length)).toEqual([8, 8, 3, 0])
    expect(pages.flat()).toEqual(texts.reverse())
  })

  test('is for the user alone, and takes no odd queries', async () => {
    expect((await request(app, 'GET', '/v1/backups')).code).toBe('AUTH_FAILED')
    for (const query of ['?skip=-1', '?skip=', '?skip=1e3', '?skip=01', '?skip=1000000']) {
      expect(await list('ann', query)).toBe('BAD_REQUEST')
    }
  })
})
