import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CustodianApp } from '../../src/custodian/index.ts'
import { toHex, utf8 } from '../../src/util/bytes.ts'
import { databaseKinds } from '../e2e/support/databases.ts'
import {
  growingTables,
  isExplained,
  pretendMillions,
  readIndexes,
  readsWhole,
  stopAutovacuum,
} from '../server/support/plans.ts'
import { queriesIn, recordingDatabase, type RecordingDatabase } from '../server/support/recording-database.ts'
import {
  clientsPath,
  custodianApp,
  custodianOf,
  request,
  storeBackup,
  userOf,
  usersPath,
} from '../support/custodian-app.ts'
import { seededRandom } from '../support/random.ts'
import { walletPair } from '../support/wallet-pair.ts'
import { ALLOWED, begin, newExport, post } from './support/exports.ts'

const HOUR = 3_600_000
const FIRST = { id: 1, key: utf8('the first custodian key of tests') }
const SECOND = { id: 2, key: utf8('a second custodian key of a test') }

const postgres = databaseKinds.find(({ name }) => name === 'PostgreSQL')

describe.skipIf(postgres === undefined)('on PostgreSQL', () => {
  const random = seededRandom()
  let time = Date.UTC(2026, 0, 1)
  let database: RecordingDatabase

  beforeAll(async () => {
    database = recordingDatabase(await postgres!.open(), 'src/custodian/backend')
    const options = { database, random, now: () => time, authorizeExport: ALLOWED }
    const app = custodianApp({ ...options, masterKey: { current: FIRST, previous: [SECOND] } })
    await app.sweep()
    await stopAutovacuum(database)
    await actAsUser(app, 'ann')
    await actAsUser(custodianApp({ ...options, masterKey: FIRST.key, authorizeExport: () => false }), 'ben')
    const later = custodianApp({ ...options, masterKey: { current: SECOND, previous: [FIRST] } })
    await later.rotate()
    time += HOUR
    await later.sweep()
    await actAsUser(later, 'eve')
  })
  afterAll(() => database.close())

  /** All that a user, and the signing server for a user, ask for; exports that are denied, locked out and expired among it. */
  async function actAsUser(app: CustodianApp, user: string): Promise<void> {
    const [kept, removed] = [walletPair('backup', random), walletPair('backup', random)]
    for (const backup of [kept, removed]) expect((await storeBackup(app, user, backup)).status).toBe(200)
    const body = { backupMethod: 'PASSWORD', cipherText: `of ${user}` }
    const ids = [kept, removed, removed].map(({ client }) => toHex(client.setId))
    for (const setId of [...ids, undefined]) {
      const put = await request(app, 'PUT', usersPath(user), { user, body: { ...body, setId } })
      expect(put.status).toBe(204)
    }
    for (const path of [`${usersPath(user)}?backupMethod=PASSWORD`, clientsPath(user), '/v1/backups']) {
      expect((await request(app, 'GET', path, { user })).status).toBe(200)
    }
    const { clientId } = userOf(user)
    const custodian = custodianOf(app)
    await custodian.fetch(clientId, toHex(kept.client.setId))
    const one = newExport(kept, random)
    if ((await post(app, one.challengePath, one.asked, user)).status === 200) {
      const challenge = await begin(app, one, user)
      const stranger = { ...one.own, secretShare: one.terms.group.randomScalar(random) }
      const proof = one.proof(challenge)
      for (let i = 0; i < 2; i++) expect((await post(app, one.sharePath, proof, user)).status).toBe(200)
      const wrong = newExport(kept, random)
      await post(app, wrong.sharePath, wrong.proof(await begin(app, wrong, user), stranger), user)
    }
    await custodian.delete(clientId, toHex(removed.client.setId))
  }

  test('no statement of the custodian reads a growing table whole', async () => {
    const growing = (await growingTables(database)).filter((name) => name.startsWith('reshare_custodian_'))
    const indexes = await readIndexes(database)
    const found: string[] = []
    await database.transaction(async (tx) => {
      expect(await pretendMillions(tx, growing), 'tables without rows').toEqual([])
      for (const statement of database.statements.values()) {
        if (!isExplained(statement.sql)) continue
        for (const whole of await readsWhole(tx, statement, growing, indexes)) {
          found.push(`${whole}: ${statement.sql.replace(/\s+/g, ' ').slice(0, 400)}`)
        }
      }
    }, 'read committed')
    expect(found).toEqual([])
  })

  test('every statement of the custodian was looked at', () => {
    const left = queriesIn('src/custodian/backend').filter((site) => !database.sites.has(site))
    expect(left).toEqual([])
  })
})
