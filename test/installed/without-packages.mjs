// @ts-check
// Runs where nothing but reshare is installed: prints what each entry says that needs a package of the server.
import { createCustodian } from 'reshare/custodian'
import { createServer } from 'reshare/server'
import { pgliteDatabase } from 'reshare/server/pglite'
import { postgresDatabase } from 'reshare/server/postgres'

/** @param {unknown} error */
const messageOf = (error) => `${error instanceof Error ? error.message : error}`

/** @param {import('reshare/server').Database} database */
async function failure(database) {
  const failed = await database.query('select 1').then(() => 'no error', messageOf)
  await database.close()
  return failed
}

/** @param {(onError: (error: unknown) => void) => { fetch: (request: Request) => Promise<Response> }} create */
async function reported(create) {
  /** @type {unknown[]} */
  const errors = []
  const app = create((error) => errors.push(error))
  const { status } = await app.fetch(new Request('http://localhost/v1/devices'))
  await app.fetch(new Request('http://localhost/v1/devices'))
  return [`${status}`, ...errors.map(messageOf)].join(' ')
}

const masterKey = new Uint8Array(32).fill(1)
const database = pgliteDatabase()
const options = { database, masterKey }
process.stdout.write(
  JSON.stringify({
    pglite: await failure(pgliteDatabase()),
    postgres: await failure(postgresDatabase('postgres://127.0.0.1:1/none')),
    server: await reported((onError) => createServer({ ...options, authenticate: () => undefined, onError })),
    custodian: await reported((onError) => {
      const webhookSecret = 'secret-of-this-program'
      return createCustodian({ ...options, webhookSecret, authenticateUser: () => undefined, onError })
    }),
  }),
)
