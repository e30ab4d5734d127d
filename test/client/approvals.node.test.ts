import { afterAll, beforeAll, expect, test } from 'vitest'
import { sealedTransport } from '../../src/channel/index.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import {
  approveRequest,
  backupWallet,
  confirmBackup,
  createClient,
  denyRequest,
  generateWallet,
  isMpcError,
  listApprovals,
  listDevices,
  recoverWallet,
  retireSet,
  revokeDevice,
  sign,
  type Client,
  type MpcError,
  type Progress,
} from '../../src/index.ts'
import * as remote from '../../src/remote/index.ts'
import { serveClient } from '../../src/remote/serve.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { createServer, type PolicyConditions, type Server } from '../../src/server/index.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { inProcessTransport } from '../../src/transport/index.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { memoryCustodian } from '../crash/support/world.ts'
import { stringPorts } from '../remote/support/ports.ts'
import { plainMethod } from './support/plain-method.ts'

const HOUR = 3_600_000
const database = pgliteDatabase()
const channel = generateKeyPair(seededRandom())
const conditions = new Map<string, PolicyConditions>()
const message = utf8('a payment')
let time = Date.UTC(2026, 0, 1)
let server: Server
let walletId: string
let phone: Client
let tablet: Client
let tabletId: string
/** What happens while a client waits. */
let meanwhile: () => Promise<unknown> = async () => undefined
const waits: number[] = []

/** A process on a device; another one with the same store is the same device, started again. */
function start(storage = memoryStore(), options: { readonly waitForApprovalMs?: number } = {}): Client {
  const transport = sealedTransport({
    transport: inProcessTransport(server),
    serverKey: channel.publicKey,
    storage,
    now: () => time,
  })
  const wait = async (delayMs: number) => {
    waits.push(delayMs)
    time += delayMs
    await meanwhile()
  }
  return createClient({ transport, storage, pool: { size: 0 }, now: () => time, wait, ...options })
}

const phoneStore = memoryStore()

beforeAll(async () => {
  server = createServer({
    database,
    custodian: memoryCustodian(),
    masterKey: new Uint8Array(32).fill(1),
    authenticate: () => ({ clientId: 'user' }),
    channelKeys: [channel.secretKey],
    policy: ({ action }) => conditions.get(action) ?? true,
    now: () => time,
  })
  phone = start(phoneStore)
  walletId = (await generateWallet(phone)).id
  const { cipherText, setId } = await backupWallet(phone, { walletId, method: plainMethod() })
  await confirmBackup(phone, { setId })
  const [phoneId] = await listDevicesOf(phone)
  tablet = start()
  await recoverWallet(tablet, { cipherText, method: plainMethod(), existingSets: 'keep' })
  tabletId = (await listDevicesOf(tablet)).find((deviceId) => deviceId !== phoneId)!
  time += 1
})
afterAll(() => database.close())

/** Runs with conditions on an action. */
async function under<T>(action: string, condition: PolicyConditions, work: () => Promise<T>): Promise<T> {
  conditions.set(action, condition)
  try {
    return await work()
  } finally {
    conditions.clear()
    meanwhile = async () => undefined
    waits.length = 0
  }
}

const failure = (work: Promise<unknown>): Promise<MpcError> =>
  work.then(
    () => {
      throw new Error('it did not fail')
    },
    (error: MpcError) => error,
  )

const statement = { scheme: 'ed25519', message } as const

test.each(['ed25519', 'ecdsa'] as const)(
  'an app that throws calls the action again, also after a restart: %s',
  (scheme) =>
    under('sign', { approval: 'device', reason: 'large' }, async () => {
      const signed = scheme === 'ecdsa' ? ({ scheme, message, hash: 'sha256' } as const) : { scheme, message }
      const reports: Progress[] = []
      const onProgress = (progress: Progress) => reports.push(progress)
      const error = await failure(sign(phone, { walletId, ...signed, onProgress }))
      expect(error).toMatchObject({ code: 'APPROVAL_REQUIRED', retryable: true })
      expect(error.approval).toMatchObject({ approver: 'device', reason: 'large', readyAt: null })
      expect(reports.at(-1)).toMatchObject({ status: 'Waiting for approval', approval: error.approval })
      const { approvalId } = error.approval!
      const seen = (await listApprovals(tablet)).find((approval) => approval.approvalId === approvalId)
      expect(seen).toMatchObject({ approvalId, mayApprove: true, details: { scheme } })
      expect(await failure(approveRequest(phone, { approvalId }))).toMatchObject({ code: 'AUTH_FAILED' })
      await approveRequest(tablet, { approvalId })
      expect(await listApprovals(phone)).toContainEqual(expect.objectContaining({ approvalId, state: 'READY' }))
      expect((await sign(start(phoneStore), { walletId, ...signed })).signature).toHaveLength(64)
      expect((await failure(sign(phone, { walletId, ...signed }))).approval!.approvalId).not.toBe(approvalId)
    }),
)

test('an app that waits goes on once it is approved, and reports it', () =>
  under('sign', { approval: 'any' }, async () => {
    meanwhile = async () => {
      const listed = await listApprovals(tablet)
      const waiting = listed.find(({ state, details }) => state === 'WAITING' && details['scheme'] === 'bip340')
      if (waiting !== undefined && waits.length > 2) await approveRequest(tablet, waiting)
    }
    const statuses: string[] = []
    const onProgress = ({ status }: Progress) => statuses.push(status)
    await sign(phone, { walletId, scheme: 'bip340', message: message.slice(), onProgress, waitForApprovalMs: HOUR })
    expect(statuses).toEqual(['Reading share', 'Signing', 'Waiting for approval', 'Signing', 'Done'])
    expect(waits).toHaveLength(3)
    expect(waits.every((ms, i) => ms >= Math.min(500 * 2 ** i, 5_000) && ms <= Math.min(1000 * 2 ** i, 10_000))).toBe(
      true,
    )
  }))

test('a denial ends the wait', () =>
  under('sign', { approval: 'any' }, async () => {
    meanwhile = async () => {
      const waiting = (await listApprovals(tablet)).find(({ state }) => state === 'WAITING')
      if (waiting !== undefined) await denyRequest(tablet, waiting)
    }
    const waiting = sign(phone, { walletId, ...statement, path: 'm/1', waitForApprovalMs: HOUR })
    expect(await failure(waiting)).toMatchObject({ code: 'POLICY_DENIED' })
  }))

test('the wait ends after its time, and by the signal of the caller', () =>
  under('sign', { approval: 'any' }, async () => {
    const waiting = start(phoneStore, { waitForApprovalMs: 3000 })
    expect(await failure(sign(waiting, { walletId, ...statement, path: 'm/2' }))).toMatchObject({
      code: 'APPROVAL_REQUIRED',
    })
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBe(3000)
    const stop = new AbortController()
    meanwhile = async () => stop.abort()
    const aborted = sign(phone, { walletId, ...statement, path: 'm/2', signal: stop.signal, waitForApprovalMs: HOUR })
    expect(await failure(aborted)).toMatchObject({ code: 'ABORTED' })
    expect(await failure(sign(phone, { walletId, ...statement, waitForApprovalMs: -1 }))).toBeInstanceOf(RangeError)
  }))

test('a delay is waited for by the clock of the server, or not at all if it is too long', () =>
  under('retire', { delayMs: 5 * 60_000 }, async () => {
    const laptop = start()
    const { id, setId } = await generateWallet(laptop)
    const { setId: backupId } = await backupWallet(laptop, { walletId: id, method: plainMethod() })
    await confirmBackup(laptop, { setId: backupId })
    const error = await failure(retireSet(laptop, { walletId: id, setId, waitForApprovalMs: 60_000 }))
    expect(error).toMatchObject({ code: 'APPROVAL_REQUIRED', retryAfterMs: 5 * 60_000 })
    expect(waits).toEqual([])
    expect((await retireSet(laptop, { walletId: id, setId, waitForApprovalMs: HOUR })).state).toBe('DESTROYED')
    expect(waits).toEqual([60_000, 60_000, 60_000, 60_000, 60_000])
  }))

test('any device of the wallet cancels a revocation that waits', () =>
  under('revoke', { delayMs: HOUR }, async () => {
    // Not the phone: no device cancels its own revocation.
    const error = await failure(revokeDevice(tablet, { deviceId: tabletId }))
    await denyRequest(phone, error.approval!)
    expect(await failure(revokeDevice(tablet, { deviceId: tabletId, waitForApprovalMs: 2 * HOUR }))).toMatchObject({
      code: 'POLICY_DENIED',
    })
  }))

test('it is the same over a remote client', () =>
  under('sign', { approval: 'any' }, async () => {
    const ports = stringPorts()
    serveClient(phone, ports.host, { actions: { sign, listApprovals }, approve: () => true })
    const client = remote.remoteClient(ports.app)
    const asked = { walletId, ...statement, path: 'm/3' } as const
    const error = await failure(remote.sign(client, asked))
    expect(isMpcError(error, 'APPROVAL_REQUIRED')).toBe(true)
    expect(error.approval).toMatchObject({ approver: 'any' })
    const all = await remote.listApprovals(client)
    expect(all).toEqual(await listApprovals(phone))
    const listed = all.find(({ approvalId }) => approvalId === error.approval!.approvalId)
    const statuses: string[] = []
    meanwhile = async () => void (await approveRequest(tablet, listed!))
    await remote.sign(client, { ...asked, waitForApprovalMs: HOUR, onProgress: ({ status }) => statuses.push(status) })
    expect(statuses).toContain('Waiting for approval')
    client.close()
  }))

async function listDevicesOf(client: Client): Promise<string[]> {
  return (await listDevices(client)).flatMap(({ deviceId }) => deviceId ?? [])
}
