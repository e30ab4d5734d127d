import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCustodian } from '../../../src/custodian/index.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { createServer } from '../../../src/server/index.ts'

let database: Database
beforeAll(() => {
  database = pgliteDatabase()
})
afterAll(() => database.close())

const THROWN: readonly (readonly [string, unknown])[] = [
  ['an error', new Error('mine')],
  ['an error of another realm', runInNewContext('new Error("far")')],
  ['text', 'text'],
  ['nothing', undefined],
  ['null', null],
  ['an object', { status: 200 }],
  ['a response', new Response('mine')],
]

const masterKey = new Uint8Array(32).fill(1)
const allowedOrigins = ['https://app.example']

/** Asks server and custodian something that their hook or database fails at. */
async function answersOf(options: { readonly database: Database; readonly fail: () => never }) {
  const heard: unknown[] = []
  const onError = (error: unknown) => void heard.push(error)
  const given = { database: options.database, masterKey, onError, allowedOrigins }
  const server = createServer({ ...given, authenticate: options.fail })
  const webhookSecret = 'webhook-secret-of-the-tests'
  const custodian = createCustodian({ ...given, webhookSecret, authenticateUser: options.fail })
  const origin = { headers: { origin: 'https://app.example' } }
  const answers: Response[] = []
  for (const [app, path] of [
    [server, '/v1/devices'],
    [custodian, '/users/u/encrypted-user-backup-shares'],
  ] as const) {
    answers.push(await app.fetch(new Request(`https://server.example${path}`, origin)))
  }
  return { answers, heard }
}

test.each(THROWN)('a hook that throws %s is answered as INTERNAL and told', async (_, thrown) => {
  const fail = () => {
    throw thrown
  }
  const { answers, heard } = await answersOf({ database, fail })
  for (const answer of answers) {
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ error: { id: 'INTERNAL' } })
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example')
  }
  expect(heard.map((error) => (error as Error).cause)).toEqual([thrown, thrown])
})

// What is thrown outside hooks reaches Hono, which answers nothing to what is no Error of its realm.
test.each(THROWN)('a database that throws %s is answered as INTERNAL and told', async (_, thrown) => {
  const fail = () => {
    throw thrown
  }
  const failing: Database = { migrate: fail, query: fail, transaction: fail, close: async () => undefined }
  const { answers, heard } = await answersOf({ database: failing, fail })
  for (const answer of answers) {
    expect(answer.status).toBeGreaterThanOrEqual(500)
    expect(await answer.json()).toMatchObject({ error: { id: 'INTERNAL' } })
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example')
  }
  expect(heard.length).toBeGreaterThanOrEqual(2)
})
