import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createServer } from '../../src/server/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { seededRandom } from '../support/random.ts'
import { CLIENT_HEADER, serverClient } from '../support/server-client.ts'
import { onConditions, requiredIn } from './support/approvals.ts'
import { fileProgram } from './support/program.ts'
import { generate } from './support/wallets.ts'

const { folder, launch } = fileProgram()
const data = join(folder, 'waiting')
const env = {
  RESHARE_DATA_DIR: data,
  RESHARE_MASTER_KEY: 'ab'.repeat(32),
  RESHARE_EVENTS_URL: 'http://127.0.0.1:9/events',
  RESHARE_EVENTS_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
}

/** Two requests of ann that wait, and one of bob, as a server that has a policy leaves them. */
async function waiting(): Promise<readonly [string, string, string]> {
  const database = pgliteDatabase(data)
  const random = seededRandom()
  try {
    const server = createServer({
      database,
      masterKey: new Uint8Array(32).fill(0xab),
      authenticate: ({ headers }) => ({ clientId: headers.get(CLIENT_HEADER) as string }),
      ...onConditions({ approval: 'operator', reason: 'a new wallet' }, 'generate', 'import'),
    })
    const ask = async (clientId: string, label: string) => {
      const client = serverClient((request) => server.fetch(request), clientId, random)
      return requiredIn(await generate(client, undefined, label).post())
    }
    return [await ask('ann', 'phone'), await ask('ann', 'tablet'), await ask('bob', 'phone')]
  } finally {
    await database.close()
  }
}

test('lists, approves and denies what waits, and tells its events', async () => {
  const [first, second, ofBob] = await waiting()
  const run = async (...parameters: string[]) => {
    const { code, out, err } = await launch(parameters, env).ended
    return { code, err, printed: code === 0 ? (JSON.parse(out) as unknown) : out }
  }
  const list = async (...clientId: string[]) =>
    (await run('approvals', ...clientId)).printed as { approvalId: string; state: string }[]
  expect((await list('bob')).map(({ approvalId, state }) => [approvalId, state])).toEqual([[ofBob, 'WAITING']])

  const approved = { approvalId: first, action: 'generate', state: 'READY', approvedBy: 'operator' }
  expect(await run('approve', 'ann', first)).toMatchObject({ code: 0, err: '', printed: approved })
  expect(await run('deny', 'ann', second)).toMatchObject({ code: 0, printed: { approvalId: second, state: 'DENIED' } })
  const refused = { code: 1, printed: '' }
  expect(await run('approve', 'ann', ofBob)).toMatchObject(refused)
  expect(await run('approve', 'ann', second)).toMatchObject(refused)
  expect(await run('approve', 'ann')).toMatchObject({ code: 2, printed: '' })
  const states = new Map((await list()).map(({ approvalId, state }) => [approvalId, state]))
  expect([first, second, ofBob].map((id) => states.get(id))).toEqual(['READY', 'DENIED', 'WAITING'])
  // The server that asked had no receiver of events, so that these are of the commands alone.
  expect((await run('events')).printed).toMatchObject({ pending: 2 })
  // Eight processes, one after the other: minutes on a busy machine.
}, 600_000)
