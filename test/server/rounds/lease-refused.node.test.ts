import { expect, test } from 'vitest'
import { decideRound, leaseRound, type Lease } from '../../../src/server/rounds/lease.ts'
import { findOperation, recordDecision } from '../../../src/server/rounds/operations-table.ts'
import { findDecision } from '../../../src/server/operations/decision.ts'
import { BadRequest } from '../../../src/service/http.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import type { OperationRequest } from '../../../src/wire/operations.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { generating, WALLET, type Tables } from '../support/tables.ts'

let tables: Tables
fileTables((made) => (tables = made))

const DEVICE = 'ab'.repeat(32)

test.each<[string, string, (lease: Lease) => Promise<unknown>]>([
  ['it was decided', 'PROTOCOL_ABORTED', (lease) => recordDecision(tables.context, tables.database, lease, 'ABORT')],
  [
    'another process has taken it over',
    'OPERATION_IN_PROGRESS',
    async (lease) => {
      tables.clock += tables.context.limits.roundMs
      await leaseRound(tables.context, lease, 1, tables.hash('first'))
    },
  ],
  [
    'its device was revoked',
    'DEVICE_REVOKED',
    ({ clientId }) =>
      tables.database.query('insert into reshare_devices values ($1, $2, now(), now(), now())', [clientId, DEVICE]),
  ],
])('the last round of an operation decides nothing once %s', async (_, code, meanwhile) => {
  const { context, database } = tables
  const key = tables.key({ device: DEVICE })
  await tables.begin(key)
  const { lease } = await leaseRound(context, key, 1, tables.hash('first'))
  await meanwhile(lease)
  const before = await findDecision(database, key)
  for (const response of [utf8('answer'), undefined]) {
    const round = { context, lease, requestHash: tables.hash('first') }
    await expect(decideRound(round, database, 'COMMIT', response)).rejects.toMatchObject({ code })
  }
  expect(await findDecision(database, key)).toBe(before)
  expect(await findOperation(database, key)).toMatchObject({ round: 0 })
  expect(await tables.row('select 1 from reshare_responses where client_id = $1', key.clientId)).toBeUndefined()
})

test('a round that comes too early is wrong, but between two devices waits for that of the other', async () => {
  const joining = { walletId: WALLET, setId: 'ef'.repeat(32), label: 'tablet', joiningDeviceId: null }
  const early = async (request: OperationRequest) => {
    const key = tables.key()
    await tables.begin(key, request)
    return leaseRound(tables.context, key, 3, tables.hash('third'))
  }
  await expect(early(generating)).rejects.toThrow(BadRequest)
  await expect(early({ kind: 'join', ...joining })).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
})
