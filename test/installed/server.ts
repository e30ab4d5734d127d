// A program of a signing server and a backend, which scripts/check-installed.mjs compiles as its author would.
import { createCustodian, webhookCustodian, type CustodianOptions } from 'reshare/custodian'
import { apiTokens, createServer, type Server } from 'reshare/server'
import { pgliteDatabase } from 'reshare/server/pglite'
import { postgresDatabase, type PostgresOptions } from 'reshare/server/postgres'
import { httpTransport, inProcessTransport } from 'reshare/transport'

const pool: PostgresOptions = {
  connectionString: 'postgres://localhost/app',
  max: 4,
  ssl: { rejectUnauthorized: true },
}

export function server(masterKey: Uint8Array, secret: string): Server {
  const database = postgresDatabase(pool)
  return createServer({
    database,
    masterKey,
    authenticate: apiTokens(database).authenticate,
    custodian: webhookCustodian({ url: 'https://app.example/custodian', secret }),
    policy: ({ action, clientId }) => action !== 'generate' || clientId !== 'guest',
  })
}

export function custodian(masterKey: Uint8Array, webhookSecret: string): (request: Request) => Promise<Response> {
  const options: CustodianOptions = {
    database: pgliteDatabase(),
    webhookSecret,
    masterKey,
    authenticateUser: ({ headers }) => {
      const id = headers.get('x-user')
      return id === null ? undefined : { userId: id, clientId: id }
    },
  }
  return createCustodian(options).fetch
}

export const transports = [
  httpTransport('https://signing.example', { headers: { authorization: 'Bearer token' } }),
  inProcessTransport(server(new Uint8Array(32), 'sixteen characters')),
]
