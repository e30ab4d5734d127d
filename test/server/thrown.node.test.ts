import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCustodian } from '../../src/custodian/index.ts'
import { pgliteDatabase } from '../../src/server/database/pglite.ts'
import type { Database } from '../../src/server/database/types.ts'
import { createServer } from '../../src/server/index.ts'

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

test.each(THROWN)('a hook that throws %s is answered as INTERNAL and told', async (_, thrown) => {
  const heard: unknown[] = []
  const onError = (error: unknown) => void heard.push(error)
  const masterKey = new Uint8Array(32).fill(1)
  const fail = () => {
    throw thrown
  }
  const allowedOrigins = ['https://app.example']
  const server = createServer({ database, masterKey, authenticate: fail, onError, allowedOrigins })
  const custodian = createCustodian({
    database,
    masterKey,
    webhookSecret: 'webhook-secret-of-the-tests',
    authenticateUser: fail,
    onError,
    allowedOrigins,
  })
  const origin = { headers: { origin: 'https://app.example' } }
  for (const [app, path] of [
    [server, '/v1/devices'],
    [custodian, '/users/u/encrypted-user-backup-shares'],
  ] as const) {
    const answer = await app.fetch(new Request(`https://server.example${path}`, origin))
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({ error: { id: 'INTERNAL' } })
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example')
  }
  expect(heard).toEqual([thrown, thrown])
})
