import { decodeWalletRecord } from '../../../src/client/wallets/wallet-record.ts'
import { MpcError, resume, type Client, type TransportRequest } from '../../../src/index.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import type { ShareStore } from '../../../src/storage/types.ts'
import { equalBytes } from '../../../src/util/bytes.ts'
import { endingCodes, type Api, type Action } from './actions.ts'
import { blockedCustodian, blockedDatabase, blockedStore, blockedTransport, storeOfTab } from './blocked.ts'
import {
  chooseBackup,
  createDeviceGroup,
  type DeviceGroup,
  findServerDataLoss,
  findUnusable,
  keepThoseWithShares,
  setOf,
} from './device-group.ts'
import { createScheduler, type Schedule, type Scheduler } from './scheduler.ts'
import { createCrashWorld, memoryCustodian, type Device, type World } from './world.ts'

/** Two devices; or two tabs on the store of one device. Each is before a server process of its own. */
export type Place = 'two devices' | 'two tabs'

/** A group of devices whose every request, store and database use a scheduler holds. */
export interface Stage {
  readonly scheduler: Scheduler
  readonly deviceGroup: DeviceGroup
  /** The package as each of the two has loaded it. */
  readonly apis: readonly [Api, Api]
}

export interface StageOptions {
  readonly database: Database
  readonly apis: readonly [Api, Api]
  readonly createStore?: () => ShareStore
}

export async function createStage(options: StageOptions): Promise<Stage> {
  const { database, apis, createStore = memoryStore } = options
  const scheduler = createScheduler()
  const world = createCrashWorld(blockedDatabase(database, scheduler.gate), {
    createStore: () => blockedStore(createStore(), scheduler.gate),
    custodian: blockedCustodian(memoryCustodian(), scheduler.gate),
    chooseServer: () => scheduler.actor() ?? 0,
  })
  return { scheduler, apis, deviceGroup: await createDeviceGroup(world) }
}

/** What came of two actions at the same time. */
export interface Interleaved {
  readonly trace: readonly string[]
  readonly dataLoss: readonly string[]
}

/** Does two things at the same time in the order that a schedule says, then looks for what is wrong. */
export async function interleave(
  stage: Stage,
  place: Place,
  pair: readonly [Action, Action],
  schedule: Schedule,
): Promise<Interleaved> {
  const { deviceGroup, scheduler, apis } = stage
  await chooseBackup(deviceGroup)
  const devices = choosePlaces(deviceGroup, place, pair)
  const others: Device[][] = [[], []]
  const start = (i: number) => startOn(stage, apis[i]!, devices[i]!)
  const own = [await setOf(deviceGroup, deviceGroup.owner), await setOf(deviceGroup, deviceGroup.second)]
  const works: ((client: Client) => Promise<unknown>)[] = []
  for (const [i, action] of pair.entries()) {
    // Devices end each other's sets; a tab that of its own device.
    const target = own[place === 'two tabs' ? 0 : 1 - i]!
    const startOther = (device: Device) => {
      others[i]!.push(device)
      return startOn(stage, apis[i]!, device)
    }
    const doer = { api: apis[i]!, client: start(i), device: devices[i]!, deviceGroup, target, startOther }
    works.push(await action.ready(doer))
  }
  const clients = [start(0), start(1)]
  const actions = works.map((work, i) => () => work(clients[i]!))
  const course = await scheduler.run(schedule, actions)

  const used = devices.map((device, i) => [device, ...others[i]!])
  const dataLoss = pair.flatMap((action, i) => findUnexpected(action, course.outcomes[i]!, pair[1 - i]!))
  dataLoss.push(...(await findUnusables(deviceGroup, pair, used, course.outcomes)))
  for (const [i, outcome] of course.outcomes.entries()) {
    dataLoss.push(...(await findLostSets(deviceGroup, used[i]!, outcome)))
  }
  const refused = [0, 1].filter((i) => course.outcomes[i]!.status === 'rejected')
  for (const i of refused) await keepThoseWithShares(others[i]!)
  for (const i of refused)
    dataLoss.push(...(await findUnrepeatable(deviceGroup, pair[i]!, devices[i]!, () => works[i]!(start(i)))))
  if (refused.length > 0) {
    const all = devices.map((device, i) => [device, ...others[i]!])
    dataLoss.push(...(await findUnusables(deviceGroup, pair, all)))
  }
  dataLoss.push(...(await findServerDataLoss(deviceGroup)))
  const names = pair.map(({ name }) => name).join(' and ')
  return {
    trace: course.trace,
    dataLoss: dataLoss.map((loss) => `${names}, ${place}, ${JSON.stringify(schedule)}: ${loss}`),
  }
}

/**
 * Does something of which one request reaches both servers.
 *
 * @param nth which request, counted from 1
 * @param slow whether the first of the two takes longer over it than its claim on the round lasts
 */
export async function interleaveRequest(
  stage: Stage,
  action: Action,
  { nth, slow }: { readonly nth: number; readonly slow: boolean },
  schedule: Schedule,
): Promise<Interleaved> {
  const { deviceGroup, scheduler, apis } = stage
  const { world } = deviceGroup
  await chooseBackup(deviceGroup)
  const device = action.newDevice ? world.device('new') : deviceGroup.owner
  const target = await setOf(deviceGroup, deviceGroup.second)
  const others: Device[] = []
  const startOther = (other: Device) => {
    others.push(other)
    return startOn(stage, apis[0], other)
  }
  const doer = { api: apis[0], client: startOn(stage, apis[0], device), device, deviceGroup, target, startOther }
  const work = await action.ready(doer)

  let caught: (request: TransportRequest | undefined) => void = () => {}
  const request = new Promise<TransportRequest | undefined>((resolve) => (caught = resolve))
  const answers: Uint8Array[] = []
  let sent = 0
  const client = startOn(stage, apis[0], device, (transport) => ({
    async request({ signal: _, ...one }) {
      const copy = { ...one, ...(one.body && { body: one.body.slice() }) }
      const isCaught = ++sent === nth
      if (isCaught) caught(copy)
      const answer = await transport.request(one)
      if (isCaught && answer.status === 200) answers.push(answer.body.slice())
      return answer
    },
  }))
  const actions = [
    () => work(client).finally(() => caught(undefined)),
    async () => {
      const again = await scheduler.until(request)
      const answer = again && (await blockedTransport(world.transport, scheduler.gate).request(again))
      if (answer?.status === 200) answers.push(answer.body.slice())
    },
  ]
  let turns = 0
  const course = await scheduler.run(schedule, actions, () => {
    if (slow && ++turns === 1) world.pass(CLAIM_MS)
  })

  const [outcome] = course.outcomes
  const dataLoss = findUnexpected(action, outcome, action)
  const [first, second] = answers
  if (first && second && !equalBytes(first, second)) dataLoss.push('one request got two answers')
  dataLoss.push(...(await findUnusables(deviceGroup, [action], [[device, ...others]], course.outcomes)))
  if (outcome.status === 'rejected') {
    await keepThoseWithShares(others)
    dataLoss.push(...(await findUnrepeatable(deviceGroup, action, device, () => work(startOn(stage, apis[0], device)))))
    dataLoss.push(...(await findUnusables(deviceGroup, [action], [[device, ...others]])))
  }
  dataLoss.push(...(await findServerDataLoss(deviceGroup)))
  return {
    trace: course.trace,
    dataLoss: dataLoss.map(
      (loss) => `${action.name}, request ${nth} at two servers, ${JSON.stringify(schedule)}: ${loss}`,
    ),
  }
}

/** As long as a server's claim on a round lasts. */
const CLAIM_MS = 60_000

type Wrap = (transport: World['transport']) => World['transport']

/** A client on a device, which the scheduler holds. */
function startOn(stage: Stage, api: Api, { label, storage }: Device, wrap: Wrap = (transport) => transport): Client {
  const { world } = stage.deviceGroup
  const { transport, wait } = world.polling(blockedTransport(world.transport, stage.scheduler.gate))
  return api.createClient({
    pool: { size: 0 },
    transport: wrap(transport),
    wait: () => stage.scheduler.until(wait()),
    storage: storeOfTab(storage, api.MpcError),
    label,
    now: world.now,
    repeats: false,
  })
}

/** Where each of the two runs. */
function choosePlaces({ world, owner, second }: DeviceGroup, place: Place, pair: readonly Action[]): Device[] {
  if (place === 'two devices') {
    return pair.map(({ newDevice }, i) => (newDevice ? world.device(`new ${i}`) : [owner, second][i]!))
  }
  const device = pair.every(({ newDevice }) => newDevice) ? world.device('new') : owner
  return [device, device]
}

type Settled = PromiseSettledResult<unknown>

/** Whoever does not succeed is told to try again, or what has taken the place of what it used. */
function findUnexpected(action: Action, outcome: Settled, other: Action): string[] {
  if (outcome.status === 'fulfilled') return []
  const { name } = action
  const reason: unknown = outcome.reason
  if (isMpcError(reason) && (reason.retryable || endingCodes(action, other).includes(reason.code))) return []
  return [`${name} failed with ${reason instanceof Error ? reason.stack : String(reason)}`]
}

/** Of whichever tab's class. */
function isMpcError(reason: unknown): reason is MpcError {
  return reason instanceof MpcError || (reason instanceof Error && 'code' in reason && 'retryable' in reason)
}

/** A set that an action has given to a device of its own, and that the server has not ended since, is there. */
async function findLostSets({ world }: DeviceGroup, devices: readonly Device[], outcome: Settled): Promise<string[]> {
  const setId = outcome.status === 'fulfilled' ? (outcome.value as { setId?: string } | undefined)?.setId : undefined
  if (setId === undefined) return []
  const active = await world.database.query(
    `select 1 from reshare_sets where set_id = $1 and state = 'ACTIVE' and purpose = 'signing'`,
    [setId],
  )
  const kept = (await Promise.all(devices.map(({ storage }) => storage.list(`share/${setId}`)))).flat()
  if (active.length === 0 || kept.length > 0) return []
  return [`${devices[0]!.label} has lost the share of a set that it was given`]
}

/**
 * Every device resumes, and signs unless its set may have ended.
 *
 * @param devices those that each action has used
 */
async function findUnusables(
  deviceGroup: DeviceGroup,
  actions: readonly Action[],
  devices: readonly (readonly Device[])[],
  outcomes: readonly Settled[] = [],
): Promise<string[]> {
  const { owner, second } = deviceGroup
  const all = new Set([owner, second, ...devices.flat()])
  const dataLoss: string[] = []
  for (const device of all) dataLoss.push(...(await findUnsettled(deviceGroup, device)))
  await chooseBackup(deviceGroup)
  const mayHaveEnded = actions.some(({ retires }) => retires)
  for (const device of all) {
    const isNew = device !== owner && device !== second
    const hasFailed = actions.every((_, i) => !devices[i]!.includes(device) || outcomes[i]?.status === 'rejected')
    if (!isNew || !hasFailed) dataLoss.push(...(await findUnusable(deviceGroup, device, mayHaveEnded)))
  }
  return dataLoss
}

/** Resuming twice is resuming once, and leaves nothing behind that no wallet names. */
async function findUnsettled({ world }: DeviceGroup, device: Device): Promise<string[]> {
  const reports = async () =>
    (await resume(world.start(device))).map((report) => [
      report.outcome,
      'wallet' in report ? report.wallet.setId : '',
      'error' in report ? report.error.code : '',
    ])
  const [first, second] = [await reports(), await reports()].map((report) => report.join('; '))
  const dataLoss = first === second ? [] : [`${device.label} resumed to ${first}, then to ${second}`]
  if (second!.includes('PENDING')) dataLoss.push(`on ${device.label}, resume leaves ${second}`)
  const named = new Set<string>()
  for (const key of await device.storage.list('wallet/')) {
    const { value } = (await device.storage.read(key))!
    for (const { setId } of decodeWalletRecord(value, key.slice('wallet/'.length)).sets) named.add(setId)
  }
  for (const key of await device.storage.list('')) {
    const [kind, id] = key.split('/') as [string, string]
    if (kind !== 'wallet' && !named.has(id)) dataLoss.push(`on ${device.label}, resume leaves ${kind} of no wallet`)
  }
  return dataLoss
}

/** What was refused succeeds when it is done again, alone, unless it is about something that is over for good. */
async function findUnrepeatable(
  { world }: DeviceGroup,
  { name }: Action,
  device: Device,
  again: () => Promise<unknown>,
): Promise<string[]> {
  // By then whatever was under way is over.
  world.start(device)
  try {
    await again()
    return []
  } catch (error) {
    if (name === 'confirm' && isMpcError(error) && error.code === 'BACKUP_SUPERSEDED') return []
    return [`${name}, done again, fails with ${String(error)}`]
  }
}
