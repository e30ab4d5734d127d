import type { DeviceStatus, ListedDevice } from '../../../src/wire/devices.ts'
import { paths } from '../../../src/wire/paths.ts'
import { getGroup } from '../../../src/curve/index.ts'
import { createAuditLog } from '../../../src/server/audit/log.ts'
import { DEFAULT_LIMITS, type ServerContext } from '../../../src/server/context.ts'
import { createTurns } from '../../../src/server/rounds/turns.ts'
import { createApp } from '../../../src/server/http/app.ts'
import { mergeRates } from '../../../src/server/access/rate-limits.ts'
import { recordCustodianShare } from '../../../src/server/sets/custodian-shares.ts'
import { encodeWalletSetRecord, encodeWalletShares, type WalletShares } from '../../../src/key-share/index.ts'
import type { Purpose } from '../../../src/types.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { createSealer } from '../../../src/util/seal.ts'
import { CLIENT_HEADER, getJson, postJson, serverClient, type ServerClient } from '../../support/server-client.ts'
import { walletPair } from '../../support/wallet-pair.ts'
import { MASTER_KEY, type World } from './world.ts'
import { recordDevice, insertSet, insertShare } from './insert-rows.ts'

/** A server behind the channel: the tests say themselves which device has sealed a request. */
export interface DeviceServer {
  readonly context: ServerContext
  /** One device of a client, with what names each request if told so, or its requests that come unsealed. */
  client(clientId: string, device: string | null, sealed?: 'sealed'): ServerClient
}

export function deviceServer(world: World, changed: Partial<ServerContext> = {}): DeviceServer {
  const { database, now, random } = world
  const sealer = createSealer(MASTER_KEY.slice(0, 32), random)
  const context: ServerContext = {
    database,
    custodian: world.custodian,
    policy: undefined,
    intents: { decoders: new Map(), required: false },
    authorizeExport: () => true,
    onCheating: 'ephemeralSetup',
    caught: new Map(),
    turns: createTurns(DEFAULT_LIMITS.requestMs),
    sealer,
    audit: createAuditLog({ database, sealer, random, now }),
    events: undefined,
    random,
    limits: { ...DEFAULT_LIMITS, rates: mergeRates(null), lockOut: null },
    now,
    observe: () => undefined,
    onRequest: () => undefined,
    onError: (error) => world.errors.push(error),
    ...changed,
  }
  const authenticate = ({ headers }: Request) => ({ clientId: headers.get(CLIENT_HEADER) as string })
  const app = createApp(context, {
    authenticate,
    allowedOrigins: [],
    ready: () => context.audit.open(),
    channelKeys: [],
    requireSealed: false,
  })
  return {
    context,
    client: (clientId, device, sealed) => {
      const env = () => ({ ...(device && { device }), ...(sealed && { requestId: random(32) }) })
      return serverClient(async (request) => app.fetch(request, env()), clientId, random)
    },
  }
}

export const newDevice = (world: World) => toHex(world.random(32))

/** A client's phone and tablet, and its requests that come unsealed. */
export function newDevices(world: World, server: DeviceServer, clientId: string) {
  const [phoneId, tabletId] = [newDevice(world), newDevice(world)]
  const [phone, tablet] = [server.client(clientId, phoneId), server.client(clientId, tabletId)]
  return { clientId, phoneId, tabletId, phone, tablet, unsealed: server.client(clientId, null) }
}

export const listDevices = async (client: ServerClient) =>
  (await getJson<{ devices: ListedDevice[] }>(client, paths.devices)).devices

export const revokeDevice = (client: ServerClient, deviceId: string) =>
  postJson<DeviceStatus>(client, paths.revoke(deviceId))

/** What a set is that {@link plantSet} makes. */
export interface Planted {
  readonly clientId: string
  readonly device: string | null
  /** That of a set which the wallet has; a new wallet's unless given. */
  readonly walletId?: string
  readonly purpose?: Purpose
  readonly sourceSetId?: string
  readonly proven?: boolean
  readonly label?: string
  /** PREPARED for a backup that waits for its confirmation. */
  readonly state?: 'ACTIVE' | 'PREPARED'
}

/** A committed set that lies in the database as if its operation had been played: the client's share. */
export async function plantSet(world: World, context: ServerContext, planted: Planted): Promise<WalletShares> {
  const { clientId, device, purpose = 'signing', sourceSetId = null, proven = false, label = 'phone' } = planted
  const { client: own, other } = walletPair(purpose, world.random)
  const { walletId = toHex(own.walletId), state = 'ACTIVE' } = planted
  const setId = toHex(own.setId)
  const operationId = toHex(world.random(16))
  await recordDevice(context, world.database, { clientId, device })
  await world.database.query(
    'insert into reshare_wallets (client_id, wallet_id, created_at) values ($1, $2, $3) on conflict do nothing',
    [clientId, walletId, new Date(0)],
  )
  await insertSet(world.database, {
    setId,
    clientId,
    walletId,
    operationId,
    purpose,
    label: purpose === 'backup' ? '' : label,
    backupMethod: purpose === 'backup' ? 'PASSWORD' : null,
    sourceSetId,
    device,
    record: encodeWalletSetRecord(getGroup, { ...own, records: own.shares.map(({ record }) => record) }),
    createdAt: new Date(0),
  })
  await world.database.query(
    'update reshare_sets set state = $2, committed_at = $3, proven_at = $4 where set_id = $1',
    [setId, state, new Date(0), proven ? new Date(0) : null],
  )
  if (purpose === 'signing') await insertShare(context, world.database, { clientId, setId }, other)
  else {
    const share = encodeWalletShares(getGroup, other)
    await recordCustodianShare(world.database, { clientId, operationId }, setId)
    await world.custodian.store({ clientId, setId, backupMethod: 'PASSWORD', share })
  }
  return own
}

/** The state of a set, whoever it is bound to. */
export async function stateOf(world: World, setId: string): Promise<string> {
  const [row] = await world.database.query('select state from reshare_sets where set_id = $1', [setId])
  return row?.['state'] as string
}

/** A device of a client that was revoked. */
export async function recordDeviceRevoked(world: World, clientId: string, device: string): Promise<void> {
  await world.database.query(
    'insert into reshare_devices (client_id, device, created_at, last_used_at, revoked_at) values ($1, $2, $3, $3, $3)',
    [clientId, device, new Date(0)],
  )
}
