import { afterAll, beforeAll } from 'vitest'
import type { Custodian, CustodianApp } from '../../../src/custodian/index.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { toHex } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { clientsPath, custodianApp, custodianOf, request, userOf, usersPath } from '../../support/custodian-app.ts'
import { seededRandom } from '../../support/random.ts'

/** The app's backend as the signing server and the users see it. */
export interface Backend {
  readonly database: Database
  readonly custodian: Required<Custodian>
  readonly random: RandomSource
  user(name: string): BackupUser
  /** A new backup set of a user, whose share is stored. @returns its id */
  newSet(name: string): Promise<string>
  /** Removes the custodian's share of a set. */
  remove(name: string, setId: string): Promise<void>
}

/** The requests of a user about cipherTexts. */
export interface BackupUser {
  /** @returns 204, or the code of the refusal */
  put(cipherText: string, setId?: string, backupMethod?: string): Promise<string | number>
  /** @returns the text, or the code of the refusal */
  get(query?: string, backupMethod?: string): Promise<string | number>
  /** As {@link BackupUser.get}, by the path of the client, for all methods. */
  ofClient(query?: string): Promise<string | number>
}

/**
 * The backend that the tests of a suite share.
 *
 * @param take gets it before the first test
 */
export function fileBackend(open: () => Promise<Database>, take: (backend: Backend) => void): void {
  let database: Database
  beforeAll(async () => {
    database = await open()
    const backend = createBackend(database)
    await backend.custodian.fetch('nobody', toHex(backend.random(32)))
    take(backend)
  })
  afterAll(() => database.close())
}

function createBackend(database: Database): Backend {
  const random = seededRandom()
  const app = custodianApp({ database, random: seededRandom('custodian') })
  const custodian = custodianOf(app)
  return {
    database,
    custodian,
    random,
    user: (name) => backupUser(app, name),
    async newSet(name) {
      const setId = toHex(random(32))
      const { clientId } = userOf(name)
      await custodian.store({ clientId, setId, backupMethod: 'PASSWORD', share: random(40) })
      return setId
    },
    remove: (name, setId) => custodian.delete(userOf(name).clientId, setId),
  }
}

function backupUser(app: CustodianApp, name: string): BackupUser {
  const send = async (method: string, path: string, body?: object) => {
    const { status, json, code } = await request(app, method, path, { body, user: name })
    return code === 'OK' ? ((json as { cipherText?: string } | undefined)?.cipherText ?? status) : code
  }
  return {
    put: (cipherText, setId, backupMethod = 'PASSWORD') =>
      send('PUT', usersPath(name), { backupMethod, cipherText, setId }),
    get: (query = '', backupMethod = 'PASSWORD') =>
      send('GET', `${usersPath(name)}?backupMethod=${backupMethod}${query}`),
    ofClient: (query = '') => send('GET', `${clientsPath(name)}${query}`),
  }
}
