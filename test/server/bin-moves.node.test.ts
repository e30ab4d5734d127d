import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createServer } from '../../src/server/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { createPostgres, databaseKinds } from '../e2e/support/databases.ts'
import { seededRandom } from '../support/random.ts'
import { CLIENT_HEADER, serverClient } from '../support/server-client.ts'
import { fileProgram } from './support/program.ts'
import { newWallet } from './support/wallets.ts'

const { folder, launch } = fileProgram()
const data = join(folder, 'moves')
const key = 'ab'.repeat(32)

/** A client with a wallet in the embedded database. */
async function fill(clientId: string): Promise<void> {
  const database = pgliteDatabase(data)
  try {
    const server = createServer({
      database,
      masterKey: new Uint8Array(32).fill(0xab),
      authenticate: ({ headers }) => ({ clientId: headers.get(CLIENT_HEADER) as string }),
    })
    await server.sweep()
    await newWallet(serverClient((request) => server.fetch(request), clientId, seededRandom()))
  } finally {
    await database.close()
  }
}

test.skipIf(!databaseKinds.some(({ name }) => name === 'PostgreSQL'))(
  'moves a client to PostgreSQL, as far as it goes, and says what it cannot do',
  async () => {
    await fill('ann')
    const target = await createPostgres()
    const env = { RESHARE_DATA_DIR: data, RESHARE_MASTER_KEY: key }
    const both = {
      ...env,
      RESHARE_TARGET_DATABASE_URL: target.url,
      RESHARE_TARGET_MASTER_KEY: 'cd'.repeat(32),
    }
    const run = async (parameters: string[], settings: Record<string, string> = both) => {
      const { code, out, err } = await launch(parameters, settings).ended
      return code === 0 ? (JSON.parse(out) as unknown) : { code, out, says: err }
    }
    try {
      const refused = (text: string) => ({ code: 1, out: '', says: expect.stringContaining(text) as string })
      expect(await run(['move-client', 'ann'], env)).toEqual(refused('RESHARE_TARGET_MASTER_KEY'))
      expect(await run(['move-client', 'ann', '--all'])).toMatchObject({ code: 2, out: '' })
      expect(await run(['move-client', 'ann'])).toEqual({ clientId: 'ann', number: 1, state: 'arrived' })
      expect(await run(['move-client', 'ann', '--cancel'])).toEqual(refused('has arrived'))
      expect(await run(['move-client', 'ann', '--unused'])).toEqual({ clientId: 'ann', number: 1, state: 'moved' })
      expect(await run(['restore-moves'])).toEqual({ left: [], returned: [], missing: [] })
    } finally {
      await target.drop()
    }
  },
  300_000,
)
