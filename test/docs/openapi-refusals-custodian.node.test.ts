import { beforeEach, describe, expect, test } from 'vitest'
import type { CustodianApp, CustodianOptions } from '../../src/custodian/index.ts'
import { Unavailable } from '../../src/service/http.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { toHex } from '../../src/util/bytes.ts'
import { begin, newExport, post } from '../custodian/support/exports.ts'
import { fileCustodian, type CustodianWorld } from '../custodian/support/world.ts'
import { clientsPath, request, usersPath, type AppRequest } from '../support/custodian-app.ts'
import type { WalletPair } from '../support/wallet-pair.ts'
import { createChecker } from './openapi-calls.ts'
import { codesOf, readDocument } from './openapi.ts'

const document = readDocument('docs/reference/openapi-custodian.json')
const checker = createChecker(document)
const ERRORS = document.responses.filter((response) => codesOf(response) !== undefined)
const REFUSALS = ERRORS.map(({ route, status }) => `${route} ${status}`)

let world: CustodianWorld
fileCustodian(
  async () => pgliteDatabase(),
  (made) => {
    world = made
  },
)

function appWith(options: Partial<CustodianOptions> = {}): CustodianApp {
  const app = world.app({ authorizeExport: () => true, ...options })
  return { ...app, fetch: checker.fetch(app.fetch) }
}

const SET_ID = '05'.repeat(32)
const EXPORT = `/v1/exports/${'0a'.repeat(16)}`
const BACKUP = { clientId: 'a', setId: SET_ID, backupMethod: 'PASSWORD', share: 'c2hhcmU=' }
const CHALLENGE = { setId: SET_ID, curve: 'ed25519', authorization: 'x', receiver: `09${'00'.repeat(31)}` }

/** One request of each route. */
const REQUESTS: readonly (readonly [method: string, path: string, body?: unknown])[] = [
  ['POST', '/backup', BACKUP],
  ['POST', '/backup/fetch', { clientId: 'a', setId: SET_ID }],
  ['POST', '/backup/delete', { clientId: 'a', setId: SET_ID }],
  ['GET', `${usersPath('ann')}?backupMethod=PASSWORD`],
  ['PUT', usersPath('ann'), { backupMethod: 'PASSWORD', cipherText: 'a text' }],
  ['GET', clientsPath('ann')],
  ['GET', '/v1/backups'],
  ['POST', `${EXPORT}/challenge`, CHALLENGE],
  ['POST', `${EXPORT}/share`, { proof: 'ab'.repeat(64) }],
]

/** Sends every request of the API. @returns the statuses */
async function sendAll(app: CustodianApp, options: AppRequest = {}): Promise<Set<number>> {
  const statuses = new Set<number>()
  for (const [method, path, body] of REQUESTS) {
    const given = { user: 'ann', ...(body !== undefined && { body }), ...options }
    statuses.add((await request(app, method, path, given)).status)
  }
  return statuses
}

describe('every request', () => {
  test('is refused if it is malformed', async () => {
    for (const [method, path] of REQUESTS) {
      const malformed = method === 'GET' ? `${path.split('?')[0]}?skip=many` : path
      const body = method === 'GET' ? {} : { body: { unknown: 1 } }
      expect((await request(appWith(), method, malformed, { user: 'ann', ...body })).status).toBe(400)
    }
  })

  test('is refused with another secret and another user', async () => {
    expect(await sendAll(appWith(), { secret: 'another-secret-of-it', user: '' })).toEqual(new Set([401]))
  })

  test.each([
    [500, new Error('broken')],
    [503, new Unavailable('down')],
  ])('fails with %i if the database does', async (status, error) => {
    const failing = async () => Promise.reject(error)
    const database = { ...world.database, query: failing, transaction: failing }
    expect(await sendAll(appWith({ database, onError: () => undefined }))).toEqual(new Set([status]))
  })
})

describe('a cipherText', () => {
  test('is not there', async () => {
    const app = appWith()
    for (const path of [`${usersPath('eve')}?backupMethod=PASSWORD`, clientsPath('eve')]) {
      expect((await request(app, 'GET', path, { user: 'eve' })).status).toBe(404)
    }
  })

  test('is of an unknown set, of a set that has another, or one too many without a set', async () => {
    const app = appWith()
    const setId = toHex((await world.newBackup('bob')).client.setId)
    const put = async (cipherText: string, named: { setId?: string }) =>
      (
        await request(app, 'PUT', usersPath('bob'), {
          user: 'bob',
          body: { backupMethod: 'PASSWORD', cipherText, ...named },
        })
      ).status
    expect(await put('a text', { setId: SET_ID })).toBe(404)
    expect(await put('a text', { setId })).toBe(204)
    expect(await put('another', { setId })).toBe(409)
    for (let i = 0; i < 32; i++) expect(await put(`text ${i}`, {})).toBe(204)
    expect(await put('one too many', {})).toBe(403)
  })
})

describe('an export', () => {
  let backup: WalletPair
  beforeEach(async () => {
    backup = await world.newBackup('ann')
  })

  test('is not authorized, comes too often, or has no challenge', async () => {
    const denied = newExport(backup, world.random)
    const denying = appWith({ authorizeExport: () => false })
    expect((await post(denying, denied.challengePath, denied.asked, 'ann')).status).toBe(403)
    const limited = appWith({ limits: { rates: { export: { count: 1, perMs: 1e6 } } } })
    await begin(limited, newExport(backup, world.random), 'ann')
    const second = newExport(backup, world.random)
    expect((await post(limited, second.challengePath, second.asked, 'ann')).status).toBe(429)
    const one = newExport(backup, world.random)
    const app = appWith()
    expect((await post(app, one.sharePath, one.proof('00'.repeat(32)), 'ann')).status).toBe(422)
    await begin(app, one, 'ann')
    expect((await post(app, one.challengePath, { ...one.asked, curve: 'ed25519' }, 'ann')).status).toBe(422)
  })

  test('finds a share that does not open, as does the webhook', async () => {
    const [setId, app] = [toHex(backup.client.setId), appWith()]
    await world.database.query(
      `update reshare_custodian_shares set sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) where set_id = $1`,
      [setId],
    )
    const body = { clientId: 'client ann', setId }
    expect((await request(app, 'POST', '/backup/fetch', { body })).status).toBe(422)
  })
})

test('all that is documented was seen', () => {
  expect(REFUSALS.length).toBeGreaterThan(40)
  expect(REFUSALS.filter((refusal) => !checker.called.has(refusal))).toEqual([])
})
