import { beforeEach, describe, expect, test } from 'vitest'
import { sweep } from '../../../src/server/maintenance/sweep.ts'
import { recordAbort } from '../../../src/server/rounds/decisions.ts'
import { parseErrorBody, readFailure } from '../../../src/wire/error-body.ts'
import { paths } from '../../../src/wire/paths.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { codeOf, play, type Answer, type ServerClient } from '../../support/server-client.ts'
import { approve, deny, listApprovals, onConditions, requiredIn } from '../support/approvals.ts'
import { deviceServer, newDevice, type DeviceServer } from '../support/devices.ts'
import { fileDevices } from '../support/file-devices.ts'
import { backup, newWallet, recover, refresh, setIdOf, sign, type TestWallet } from '../support/wallets.ts'
import type { World } from '../support/world.ts'

const HOUR = 3_600_000

describe.each(databaseKinds)('delays, on $name', ({ open }) => {
  let world: World
  let plain: DeviceServer
  let delayed: DeviceServer
  const { newClient } = fileDevices((made) => ({ world, server: plain } = made), open)
  let clientId: string
  let phoneId: string
  let phone: ServerClient
  let wallet: TestWallet

  beforeEach(async () => {
    delayed = deviceServer(world, onConditions({ delayMs: HOUR }, 'recover', 'revoke', 'retire', 'refresh'))
    ;({ clientId, phoneId } = newClient())
    phone = plain.client(clientId, phoneId)
    wallet = await newWallet(phone)
    world.pass(1)
  })

  const confirmedBackup = async () => {
    const { prepared } = await play(backup(phone, wallet))
    await phone.send('POST', paths.confirm(setIdOf(prepared[0]!)))
    return prepared[0]!
  }

  test('a recovery waits, and every device of the wallet can cancel it', async () => {
    const source = await confirmedBackup()
    const thief = delayed.client(clientId, newDevice(world))
    const approvalId = requiredIn(await recover(thief, source).post())
    const [waiting] = await listApprovals(phone)
    expect(waiting).toMatchObject({
      approvalId,
      action: 'recover',
      approver: null,
      state: 'WAITING',
      mayApprove: false,
    })
    expect(waiting?.readyAt).toBe(new Date(world.now() + HOUR).toISOString())
    expect(codeOf(await phone.send('POST', paths.approve(approvalId)))).toBe('AUTH_FAILED')
    expect(await deny(phone, approvalId)).toMatchObject({ state: 'CANCELLED' })
    world.pass(HOUR)
    const { status, body } = await recover(thief, source).post()
    const denial = { by: 'approver', reason: 'denied, or not approved in time' }
    expect(readFailure(status, parseErrorBody(body)).error).toMatchObject({ code: 'POLICY_DENIED', denial })
    // Asked for again, it waits again from the beginning.
    requiredIn(await recover(thief, source).post())
  })

  test('it goes on by the clock of the server, once, from a client that has started again', async () => {
    const source = await confirmedBackup()
    const laptop = delayed.client(clientId, newDevice(world))
    const approvalId = requiredIn(await recover(laptop, source).post())
    world.pass(HOUR - 1)
    const early = await recover(laptop, source).post()
    expect(requiredIn(early)).toBe(approvalId)
    expect(retryAfterIn(early)).toBe(1)
    world.pass(1)
    await play(recover(laptop, source))
    expect(requiredIn(await recover(laptop, source).post())).not.toBe(approvalId)
  })

  test('an operation that is aborted or expires gives its approval back', async () => {
    const source = await confirmedBackup()
    const laptop = delayed.client(clientId, newDevice(world))
    const approvalId = requiredIn(await recover(laptop, source).post())
    world.pass(HOUR)
    const used = recover(laptop, source)
    used.take(await used.post())
    expect(await stateOf(approvalId)).toBe('USED')
    await recordAbort(plain.context, { clientId, operationId: used.operationId })
    expect(await stateOf(approvalId)).toBe('READY')
    const expiring = recover(laptop, source)
    expiring.take(await expiring.post())
    world.pass(plain.context.limits.operationMs)
    await sweep(plain.context)
    expect(await stateOf(approvalId)).toBe('READY')
    // A device that starts again ends the operation that its earlier process has begun.
    const begun = recover(laptop, source)
    begun.take(await begun.post())
    await play(recover(laptop, source))
    expect(await stateOf(approvalId)).toBe('USED')
    expect(codeOf(await begun.post())).toBe('PROTOCOL_ABORTED')
  })

  test('a set that is retired has nothing that waits', async () => {
    const waiting = delayed.client(clientId, phoneId)
    const approvalId = requiredIn(await refresh(waiting, wallet).post())
    await confirmedBackup()
    await phone.send('POST', paths.retire(setIdOf(wallet.signing)))
    await sweep(plain.context)
    const [row] = await world.database.query('select state from reshare_approvals where approval_id = $1', [approvalId])
    expect(row?.['state']).toBe('ENDED')
  })

  test('retiring and revoking wait, and are done once', async () => {
    await confirmedBackup()
    const waiting = delayed.client(clientId, phoneId)
    const retire = () => waiting.send('POST', paths.retire(setIdOf(wallet.signing)))
    const approvalId = requiredIn(await retire())
    expect(requiredIn(await retire())).toBe(approvalId)
    world.pass(HOUR)
    const answers = await Promise.all([retire(), retire()])
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0)
    expect((await retire()).status).toBe(200)
    const laptopId = newDevice(world)
    const laptop = delayed.client(clientId, laptopId)
    await newWallet(laptop)
    await play(backup(laptop, await newWallet(laptop)))
    const revoke = () => laptop.send('POST', paths.revoke(laptopId))
    const revoking = requiredIn(await revoke())
    expect(await deny(laptop, revoking)).toMatchObject({ state: 'CANCELLED', action: 'revoke', walletId: null })
  })

  test('a device that is to be revoked sees that, and cannot deny it', async () => {
    const laptopId = newDevice(world)
    const laptop = plain.client(clientId, laptopId)
    await play(recover(laptop, await confirmedBackup()))
    world.pass(1)
    const revoke = () => delayed.client(clientId, phoneId).send('POST', paths.revoke(laptopId))
    const approvalId = requiredIn(await revoke())
    expect((await listApprovals(laptop)).map((asked) => asked.approvalId)).toEqual([approvalId])
    expect(codeOf(await laptop.send('POST', paths.deny(approvalId)))).toBe('AUTH_FAILED')
    world.pass(HOUR)
    expect((await revoke()).status).toBe(200)
  })

  test('a device whose set is to be retired by another one sees that, and cannot deny it', async () => {
    const laptop = plain.client(clientId, newDevice(world))
    const { prepared } = await play(recover(laptop, await confirmedBackup()))
    world.pass(1)
    const ofLaptop = setIdOf(prepared[0]!)
    const retire = () => delayed.client(clientId, phoneId).send('POST', paths.retire(ofLaptop))
    const approvalId = requiredIn(await retire())
    expect((await listApprovals(laptop)).map((asked) => asked.approvalId)).toEqual([approvalId])
    expect(codeOf(await laptop.send('POST', paths.deny(approvalId)))).toBe('AUTH_FAILED')
    world.pass(HOUR)
    expect((await retire()).status).toBe(200)
    // What it has asked for itself it may cancel.
    const own = requiredIn(await delayed.client(clientId, phoneId).send('POST', paths.retire(setIdOf(wallet.signing))))
    expect(await deny(phone, own)).toMatchObject({ state: 'CANCELLED' })
  })

  test("the app's backend ends a delay, which no other device can cancel then", async () => {
    const source = await confirmedBackup()
    const laptop = delayed.client(clientId, newDevice(world))
    const approvalId = requiredIn(await recover(laptop, source).post())
    world.pass(1)
    const { approvals } = world.server()
    expect(await approvals.list({ clientId })).toMatchObject([{ approvalId, state: 'WAITING', mayApprove: true }])
    expect(await approvals.approve({ clientId, approvalId, by: 'Ann' })).toMatchObject({
      ...{ state: 'READY', approvedBy: 'operator Ann', readyAt: new Date(world.now()).toISOString() },
    })
    expect(codeOf(await phone.send('POST', paths.deny(approvalId)))).toBe('AUTH_FAILED')
    await play(recover(laptop, source))
    expect(await stateOf(approvalId)).toBe('USED')
    const next = requiredIn(await recover(laptop, source).post())
    await approvals.approve({ clientId, approvalId: next })
    expect(await deny(laptop, next)).toMatchObject({ state: 'CANCELLED' })
  })

  test('an approval and a delay are both waited for', async () => {
    const both = deviceServer(world, onConditions({ delayMs: HOUR, approval: 'device' }, 'sign')).client(
      clientId,
      phoneId,
    )
    const laptopId = newDevice(world)
    await play(recover(plain.client(clientId, laptopId), await confirmedBackup()))
    world.pass(1)
    const approvalId = requiredIn(await sign(both, wallet.signing).post())
    await approve(plain.client(clientId, laptopId), approvalId)
    requiredIn(await sign(both, wallet.signing).post())
    world.pass(HOUR)
    await play(sign(both, wallet.signing))
  })

  test('what has expired or ended is deleted', async () => {
    requiredIn(await refresh(delayed.client(clientId, phoneId), wallet).post())
    world.pass(48 * HOUR)
    await sweep(plain.context)
    expect(await world.database.query('select 1 from reshare_approvals where client_id = $1', [clientId])).toEqual([])
  })

  test('what is asked for is sealed', async () => {
    requiredIn(await refresh(delayed.client(clientId, phoneId), wallet).post())
    const [row] = await world.database.query('select * from reshare_approvals where client_id = $1', [clientId])
    const { sealed, ...clear } = row as { readonly sealed: Uint8Array }
    expect(JSON.stringify(clear)).not.toContain('details')
    expect(toHex(sealed)).not.toContain(toHex(new TextEncoder().encode('label')))
  })

  const stateOf = async (approvalId: string) =>
    (await listApprovals(phone)).find((approval) => approval.approvalId === approvalId)?.state

  function retryAfterIn({ body }: Answer): unknown {
    return (JSON.parse(new TextDecoder().decode(body)) as { error: { retryAfterMs?: number } }).error.retryAfterMs
  }
})
