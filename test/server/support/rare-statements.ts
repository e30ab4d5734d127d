import { bumpEpoch } from '../../../src/server/epoch.ts'
import { eventOutbox } from '../../../src/server/events/event-outbox.ts'
import { apiTokens, createMetrics, verifyAuditLog } from '../../../src/server/index.ts'
import { ProtocolError } from '../../../src/errors.ts'
import { endApprovalsOfSet } from '../../../src/server/approvals/end-approvals.ts'
import { requireUsed } from '../../../src/server/approvals/use-approval.ts'
import { requireUnbound } from '../../../src/server/operations/source.ts'
import { decideUnstarted, requireTakesPart } from '../../../src/server/rounds/operations-table.ts'
import { releaseRound, resetRound } from '../../../src/server/rounds/lease.ts'
import { reserve } from '../../../src/server/rounds/reservations.ts'
import {
  deletePendingShares,
  recordCustodianShare,
  scheduleShareDeletion,
} from '../../../src/server/sets/custodian-shares.ts'
import { retireExpired } from '../../../src/server/sets/expiry.ts'
import { logBan, poisonStoredOtState } from '../../../src/server/sets/ot-states.ts'
import { takePreprocessings } from '../../../src/server/sets/preprocessings.ts'
import { readColumn, text } from '../../../src/service/database/rows.ts'
import { deviceServer } from './devices.ts'
import { limitedDevices } from './limited-sets.ts'
import { MASTER_KEY, type World } from './world.ts'

/** Everything that those who run the server ask for. */
export async function actAsOperator(world: World): Promise<void> {
  const { database } = world
  const masterKey = MASTER_KEY.slice(0, 32)
  const server = world.server()
  await verifyAuditLog({ database, masterKey })
  await createMetrics({ database }).expose()
  const tokens = apiTokens(database)
  const token = await tokens.create('ann')
  await tokens.authenticate(new Request('http://server.test', { headers: { authorization: `Bearer ${token}` } }))
  await tokens.revoke(token)
  const approvals = await server.approvals.list()
  await server.approvals.list({ clientId: 'ann' })
  for (const { clientId, approvalId } of approvals.slice(0, 1)) {
    await server.approvals.deny({ clientId, approvalId }).catch(() => undefined)
  }
  const outbox = eventOutbox(database)
  await outbox.status()
  await outbox.dead()
  await outbox.replay({ eventId: 'none' })
  await outbox.replay({ from: new Date(0), to: new Date(1) })
  await outbox.replay({ dead: true })
  const other = new Uint8Array(32).fill(5)
  await world.server({ masterKey: { current: { id: 5, key: other }, previous: [{ id: 1, key: masterKey }] } }).rotate()
  await bumpEpoch(database)
}

/** What is asked only after something has gone wrong, or at the same moment as something else. */
export async function askDirectly(world: World, clientId: string): Promise<void> {
  const server = deviceServer(world)
  const { context } = server
  const { database } = world
  await context.audit.open()
  const [row] = await database.query('select set_id from reshare_sets where client_id = $1 and state = $2', [
    clientId,
    'ACTIVE',
  ])
  const setId = readColumn(row, 'set_id', text)
  const key = { clientId, operationId: 'ab'.repeat(16), setId, device: null }
  const ignore = () => undefined
  await database.transaction(async (tx) => {
    await endApprovalsOfSet(context, tx, clientId, setId)
    await requireUsed(tx, key).catch(ignore)
    await requireTakesPart(tx, key)
    await requireUnbound(tx, { clientId, walletId: 'ab'.repeat(16) })
    for (const round of [1, 2]) await resetRound(tx, { ...key, round, token: world.random(16) })
    await releaseRound(tx, { ...key, round: 1, token: world.random(16) })
    const reservations = [{ counter: 'day', amount: 1n, most: 2n, periodMs: 1 }]
    await reserve(context, tx, key, { reservations, signsWithinMs: 0 })
  }, 'read committed')
  await decideUnstarted(context, key, 'ABORT')
  await takePreprocessings(context, { ...key, ids: ['00'] }, 1).catch(ignore)
  // A share that the custodian has and no set is made for, deleted twice, the first time in vain.
  await recordCustodianShare(database, key, 'cd'.repeat(16))
  await scheduleShareDeletion(database, key)
  world.custodian.fault = () => {
    throw new Error('the custodian fails')
  }
  await deletePendingShares(context)
  world.custodian.fault = ignore
  await deletePendingShares(context)
  const limited = await limitedDevices(world, server, clientId)
  await database.transaction((tx) =>
    poisonStoredOtState(context, tx, limited, new ProtocolError('CHEAT_OTE', 1, [], 'a client that cheats')),
  )
  await logBan(context, limited.setId)
  world.pass(2 * 3_600_000)
  await retireExpired(context)
}
