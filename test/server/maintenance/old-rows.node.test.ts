import { describe, expect, test } from 'vitest'
import type { OperationRequest } from '../../../src/wire/operations.ts'
import { createMigrate } from '../../../src/service/database/migrate.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { serverSchema } from '../../../src/server/schema.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'

const walletId = '0a'.repeat(16)
const setId = '0b'.repeat(32)
const other = '0c'.repeat(32)

/** What is JSON to JavaScript, and to PostgreSQL none, or says something else than it seems. */
const LABELS = [
  'phone',
  '\ud800',
  'cut \ud83d',
  '\u0000',
  `","setId":"${other}`,
  `{"kind":"sign","walletId":"${walletId}","setId":"${other}"`,
]

const requests: readonly OperationRequest[] = [
  ...LABELS.map((label) => ({ kind: 'generate', walletId, label }) as const),
  ...LABELS.map((label) => ({ kind: 'refresh', walletId, setId, label }) as const),
  { kind: 'backup', walletId, setId, backupMethod: 'PASSWORD' },
  { kind: 'sign', walletId, setId, scheme: 'ed25519', message: '' },
  { kind: 'setup', walletId, setId },
]

/** How operations were stored when their requests were all that was known of them. */
const stored = [
  ...requests.map((request) => ({ request, text: JSON.stringify(request) })),
  ...(['generate', 'setup'] as const).map((kind) => ({ request: { kind }, text: `{"kind" : "${kind}"}` })),
]

/** The first versions of the schema, and the last in which an operation's kind was in its request alone. */
const versions = [1, 2, serverSchema.migrations.findIndex((migration) => migration.join().includes('column kind'))]

describe.each(databaseKinds)('operations of earlier versions on $name', ({ open }) => {
  test.each(versions)('are known by kind and set, whatever their client has written: version %i', async (version) => {
    const database = await open()
    await migrateTo(database, version)
    for (const [i, { text }] of stored.entries()) {
      await database.query(
        `insert into reshare_operations (client_id, operation_id, request, round, epoch, expires_at)
         values ('ann', $1, $2, 0, 1, $3)`,
        [String(i), text, new Date(0)],
      )
      if (version > 1) {
        const known = 'setId' in stored[i]!.request ? setId : null
        await database.query('update reshare_operations set set_id = $2 where operation_id = $1', [String(i), known])
      }
    }
    await migrateTo(database, serverSchema.migrations.length)
    for (const [i, { request, text }] of stored.entries()) {
      const [row] = await database.query(
        'select kind, request, set_id from reshare_operations where operation_id = $1',
        [String(i)],
      )
      expect(row).toEqual({
        kind: request.kind,
        request: 'walletId' in request ? text : null,
        set_id: 'setId' in request ? setId : null,
      })
    }
    await database.close()
  })
})

async function migrateTo(database: Database, version: number): Promise<void> {
  await createMigrate(database)({ ...serverSchema, migrations: serverSchema.migrations.slice(0, version) })
}
