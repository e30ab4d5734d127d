import { createServer as createSocketServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readFailure } from '../../../src/wire/error-body.ts'
import { Unavailable } from '../../../src/service/http.ts'
import { postgresDatabase } from '../../../src/service/database/postgres.ts'
import { createServer } from '../../../src/server/index.ts'
import { createPostgres, databaseKinds } from '../../e2e/support/databases.ts'

/** A database URL at which nobody listens. */
async function closedPort(): Promise<string> {
  const socket = createSocketServer().listen(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address() as AddressInfo
  socket.close()
  await once(socket, 'close')
  return `postgres://nobody@127.0.0.1:${port}/none`
}

describe('a database that cannot be reached', () => {
  test('is said to be unavailable by every way to ask it', async () => {
    const database = postgresDatabase(await closedPort())
    await expect(database.query('select 1')).rejects.toThrow(Unavailable)
    await expect(database.transaction((tx) => tx.query('select 1'))).rejects.toThrow(Unavailable)
    await database.close()
  })

  test('is answered by what a client takes for the network’s fault and repeats; the operator is told', async () => {
    const told: unknown[] = []
    const server = createServer({
      database: postgresDatabase(await closedPort()),
      authenticate: () => ({ clientId: 'ann' }),
      masterKey: new Uint8Array(32),
      onError: (error) => told.push(error),
    })
    const answer = await server.fetch(new Request(`http://server.test/v1/sets/${'0'.repeat(64)}`))
    expect(answer.status).toBe(503)
    const body = (await answer.json()) as object
    expect(body).toEqual({ error: { id: 'INTERNAL', message: 'the server cannot answer now', retryable: true } })
    expect(readFailure(503, body).error).toMatchObject({ code: 'NETWORK_ERROR', retryable: true })
    expect(told).toEqual([expect.any(Unavailable)])
  })
})

describe.skipIf(!databaseKinds.some(({ name }) => name === 'PostgreSQL'))('PostgreSQL', () => {
  async function open() {
    const { url, drop } = await createPostgres()
    const database = postgresDatabase({ connectionString: url, max: 2 })
    onTestFinished(async () => {
      await database.close()
      await drop()
    })
    return database
  }

  test('that ends a connection in the middle of a transaction ends that alone', async () => {
    const database = await open()
    await database.query('create table sample (n int)')
    const cut = database.transaction(async (tx) => {
      await tx.query('insert into sample values (1)')
      const [row] = await tx.query('select pg_backend_pid() as pid')
      await database.query('select pg_terminate_backend($1, 5000)', [row!['pid'] as number])
      // Between two statements nobody waits for an answer: the connection alone hears of its end.
      await new Promise((resolve) => setImmediate(resolve))
      await tx.query('insert into sample values (2)')
    })
    await expect(cut).rejects.toThrow(Unavailable)
    await database.transaction((tx) => tx.query('insert into sample values (3)'))
    expect(await database.query('select n from sample')).toEqual([{ n: 3 }])
  })

  test('that waited too long for a lock may be asked again; what it refuses it refuses', async () => {
    const database = await open()
    await database.query('create table sample (n int primary key)')
    await database.query('insert into sample values (1)')
    const waiting = database.transaction(async (tx) => {
      await tx.query('update sample set n = 2')
      await database.transaction(async (other) => {
        await other.query(`set local lock_timeout = '1ms'`)
        await other.query('select n from sample for update')
      })
    })
    await expect(waiting).rejects.toThrow(Unavailable)
    await expect(database.query('insert into sample values (1)')).rejects.toMatchObject({ code: '23505' })
    await expect(database.query('select nonsense')).rejects.toMatchObject({ code: '42703' })
  })

  test('a transaction is as isolated as it asks to be', async () => {
    const database = await open()
    const show = () => database.transaction((tx) => tx.query('show transaction_isolation'), 'read committed')
    expect(await show()).toEqual([{ transaction_isolation: 'read committed' }])
  })
})
