import { expect } from 'vitest'
import { DEFAULT_LIMITS } from '../../../src/server/context.ts'
import { paths } from '../../../src/wire/paths.ts'
import type { WalletShares } from '../../../src/key-share/index.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { play, type ServerClient } from '../../support/server-client.ts'
import { approve, deny, listApprovals, onConditions, requiredIn } from './approvals.ts'
import { mixed, signAll } from './batches.ts'
import { deviceServer, listDevices, newDevice, revokeDevice } from './devices.ts'
import { testReceiver } from './events.ts'
import { newExport, playExport } from './exports.ts'
import { TestJoin } from './joins.ts'
import {
  backup,
  complete,
  generate,
  newBackup,
  newWallet,
  preprocessed,
  prove,
  recover,
  refresh,
  setIdOf,
  setup,
  sign,
  signEcdsa,
  type TestWallet,
  walletOf,
} from './wallets.ts'
import type { World } from './world.ts'

/** Everything that clients ask for, over several wallets and devices. */
export async function actAsClients(world: World, clientId: string): Promise<void> {
  const events = { ...testReceiver(world.random).options }
  const server = world.server({ events, limits: {} })
  await server.sweep()
  const { client: of } = deviceServer(world, { limits: DEFAULT_LIMITS })
  const phoneId = newDevice(world)
  const client = of(clientId, phoneId, 'sealed')
  const wallet = await newWallet(client)
  for (const operation of [
    ...[sign(client, wallet.signing), sign(client, wallet.signing, 'bip340'), signEcdsa(client, wallet)],
    ...[prove(client, wallet.signing), backup(client, wallet)],
    signAll(client, wallet, mixed),
  ]) {
    await play(operation)
  }
  await play(complete(client, wallet, await preprocessed(client, wallet)))
  await preprocessed(client, wallet)
  await play(recover(client, await newBackup(client, wallet)))
  const retiring = { existingSets: 'retire', rotateBackup: 'PASSKEY' } as const
  const recovered = walletOf(await play(recover(client, await newBackup(client, wallet), retiring)))
  await play(prove(client, recovered.signing))
  const refreshed = walletOf(await play(refresh(client, recovered)))
  await play(prove(client, refreshed.signing))
  const [first, second, third] = [
    await join(world, of, client, refreshed),
    await join(world, of, client, refreshed),
    await join(world, of, client, refreshed),
  ]
  await look(client, refreshed)
  await waitForApproval(world, client, phoneId, refreshed)
  await revokeDevice(client, first.deviceId)
  await revokeDevice(of(clientId, second.deviceId, 'sealed'), second.deviceId)
  await done(client, 'POST', paths.retire(setIdOf(third.signing)))
  const unfinished = recover(client, await newBackup(client, refreshed))
  unfinished.take(await unfinished.post())
  unfinished.take(await unfinished.post())
  await done(client, 'POST', paths.abort(unfinished.operationId))
  await generate(client).post()
  await playExport(client, newExport(world, { ...refreshed, setId: setIdOf(refreshed.signing) }, 'ed25519'))
  world.pass(2 * 3_600_000)
  // Unsealed, and with events.
  const other = world.client([server])
  const unsealed = await newWallet(other)
  await play(setup(other, unsealed))
  await play(refresh(other, unsealed))
  await play(recover(other, await newBackup(other, unsealed)))
  await look(other, unsealed)
  await done(client, 'POST', paths.retire(setIdOf(refreshed.signing)))
  await server.deliverEvents()
  await server.sweep()
  // Some events are not delivered.
  await newWallet(world.client([server]))
  await preprocessed(other, await newWallet(other))
}

async function join(
  world: World,
  of: ReturnType<typeof deviceServer>['client'],
  client: ServerClient,
  { signing }: TestWallet,
): Promise<{ readonly deviceId: string; readonly signing: WalletShares }> {
  const joiningDeviceId = newDevice(world)
  const joining = new TestJoin(client, of(client.clientId, joiningDeviceId, 'sealed'), signing, { joiningDeviceId })
  for (const round of [1, 2, 3, 4]) {
    await joining.make(round)
    joining.take(round, await joining.post(round))
  }
  return { deviceId: joiningDeviceId, signing: joining.joining.share }
}

async function done(client: ServerClient, method: 'GET' | 'POST', path: string): Promise<void> {
  const { status } = await client.send(method, path)
  if (status !== 200) throw new Error(`${method} ${path}: status ${status}`)
}

async function look(client: ServerClient, { signing }: TestWallet): Promise<void> {
  const walletId = toHex(signing.walletId)
  for (const path of [
    ...[paths.wallets(null), paths.wallets(`0-${walletId}`), paths.sets(walletId), paths.set(setIdOf(signing))],
    ...[paths.devices, paths.approvals],
  ]) {
    await done(client, 'GET', path)
  }
  await listDevices(client)
}

async function waitForApproval(
  world: World,
  { clientId }: ServerClient,
  phoneId: string,
  { signing }: TestWallet,
): Promise<void> {
  const { client } = deviceServer(world, onConditions({ approval: 'any' }, 'sign'))
  const phone = client(clientId, phoneId)
  const usual = world.server()
  for (const [text, decide] of [
    ['approved', (approvalId: string) => usual.approvals.approve({ clientId, approvalId })],
    ['cancelled', (approvalId: string) => deny(phone, approvalId)],
  ] as const) {
    const operation = sign(phone, signing, 'ed25519', text)
    await decide(requiredIn(await operation.post()))
    expect((await operation.post()).status).toBe(text === 'approved' ? 200 : 403)
    await listApprovals(phone)
  }
  // Whoever has asked may not approve.
  const approvalId = requiredIn(await sign(phone, signing, 'ed25519', 'open').post())
  await expect(approve(phone, approvalId)).rejects.toMatchObject({ code: 'AUTH_FAILED' })
}
