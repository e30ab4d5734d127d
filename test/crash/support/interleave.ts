import { decodeWalletRecord } from '../../../src/client/wallets/wallet-record.ts'
import { MpcError, resume, type Client, type TransportRequest } from '../../../src/index.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import type { ShareStore } from '../../../src/storage/types.ts'
import { equalBytes } from '../../../src/util/bytes.ts'
import { endingCodes, type Api, type Doing } from './doings.ts'
import { gatedCustodian, gatedDatabase, gatedStore, gatedTransport, storeOfTab } from './gated.ts'
import { chooseBackup, createHousehold, findUnusable, setOf, type Household } from './household.ts'
import { findBrokenInvariants } from './losses.ts'
import { createScheduler, type Schedule, type Scheduler } from './scheduler.ts'
import { createWorld, memoryCustodian, type Device, type World } from './world.ts'

/** Two devices; or two tabs on the store of one device. Each is before a server process of its own. */
export type Place = 'two devices' | 'two tabs'

/** A household whose every request, store and database use a scheduler holds. */
export interface Stage {
  readonly scheduler: Scheduler
  readonly household: Household
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
  const world = createWorld(gatedDatabase(database, scheduler.gate), {
    createStore: () => gatedStore(createStore(), scheduler.gate),
    custodian: gatedCustodian(memoryCustodian(), scheduler.gate),
    chooseServer: () => scheduler.actor() ?? 0,
  })
  return { scheduler, apis, household: await createHousehold(world) }
}

/** What came of two actions at the same time. */
export interface Interleaved {
  readonly trace: readonly string[]
  readonly losses: readonly string[]
}

/** Does two things at the same time in the order that a schedule says, then looks for what is wrong. */
export async function interleave(
  stage: Stage,
  place: Place,
  pair: readonly [Doing, Doing],
  schedule: Schedule,
): Promise<Interleaved> {
  const { household, scheduler, apis } = stage
  await chooseBackup(household)
  const devices = choosePlaces(household, place, pair)
  const start = (i: number) => startOn(stage, apis[i]!, devices[i]!)
  const own = [await setOf(household, household.owner), await setOf(household, household.second)]
  const works: ((client: Client) => Promise<unknown>)[] = []
  for (const [i, doing] of pair.entries()) {
    // Devices end each other's sets; a tab that of its own device.
    const target = own[place === 'two tabs' ? 0 : 1 - i]!
    works.push(await doing.ready({ api: apis[i]!, client: start(i), household, target }))
  }
  const clients = [start(0), start(1)]
  const actions = works.map((work, i) => () => work(clients[i]!))
  const course = await scheduler.run(schedule, actions)

  const losses = pair.flatMap((doing, i) => findUnexpected(doing, course.outcomes[i]!, pair[1 - i]!))
  losses.push(...(await findUnusables(household, pair, devices, course.outcomes)))
  for (const [i, outcome] of course.outcomes.entries()) {
    losses.push(...(await findLostSets(household, devices[i]!, outcome)))
  }
  const refused = [0, 1].filter((i) => course.outcomes[i]!.status === 'rejected')
  for (const i of refused)
    losses.push(...(await findUnrepeatable(household, pair[i]!, devices[i]!, () => works[i]!(start(i)))))
  if (refused.length > 0) losses.push(...(await findUnusables(household, pair, devices)))
  losses.push(...(await findServerLosses(household)))
  const names = pair.map(({ name }) => name).join(' and ')
  return {
    trace: course.trace,
    losses: losses.map((loss) => `${names}, ${place}, ${JSON.stringify(schedule)}: ${loss}`),
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
  doing: Doing,
  { nth, slow }: { readonly nth: number; readonly slow: boolean },
  schedule: Schedule,
): Promise<Interleaved> {
  const { household, scheduler, apis } = stage
  const { world } = household
  await chooseBackup(household)
  const device = doing.newDevice ? world.device('new') : household.owner
  const target = await setOf(household, household.second)
  const work = await doing.ready({ api: apis[0], client: startOn(stage, apis[0], device), household, target })

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
      const answer = again && (await gatedTransport(world.transport, scheduler.gate).request(again))
      if (answer?.status === 200) answers.push(answer.body.slice())
    },
  ]
  let turns = 0
  const course = await scheduler.run(schedule, actions, () => {
    if (slow && ++turns === 1) world.pass(CLAIM_MS)
  })

  const [outcome] = course.outcomes
  const losses = findUnexpected(doing, outcome, doing)
  const [first, second] = answers
  if (first && second && !equalBytes(first, second)) losses.push('one request got two answers')
  losses.push(...(await findUnusables(household, [doing], [device], course.outcomes)))
  if (outcome.status === 'rejected') {
    losses.push(...(await findUnrepeatable(household, doing, device, () => work(startOn(stage, apis[0], device)))))
    losses.push(...(await findUnusables(household, [doing], [device])))
  }
  losses.push(...(await findServerLosses(household)))
  return {
    trace: course.trace,
    losses: losses.map((loss) => `${doing.name}, request ${nth} at two servers, ${JSON.stringify(schedule)}: ${loss}`),
  }
}

/** As long as a server's claim on a round lasts. */
const CLAIM_MS = 60_000

type Wrap = (transport: World['transport']) => World['transport']

/** A client on a device, gated. */
function startOn(stage: Stage, api: Api, { label, storage }: Device, wrap: Wrap = (transport) => transport): Client {
  const { world } = stage.household
  const transport = wrap(gatedTransport(world.transport, stage.scheduler.gate))
  return api.createClient({
    pool: { size: 0 },
    transport,
    storage: storeOfTab(storage, api.MpcError),
    label,
    now: world.now,
    repeats: false,
  })
}

/** Where each of the two runs. */
function choosePlaces({ world, owner, second }: Household, place: Place, pair: readonly Doing[]): Device[] {
  if (place === 'two devices') {
    return pair.map(({ newDevice }, i) => (newDevice ? world.device(`new ${i}`) : [owner, second][i]!))
  }
  const device = pair.every(({ newDevice }) => newDevice) ? world.device('new') : owner
  return [device, device]
}

type Outcome = PromiseSettledResult<unknown>

/** Whoever does not succeed is told to try again, or what has taken the place of what it used. */
function findUnexpected({ name }: Doing, outcome: Outcome, other: Doing): string[] {
  if (outcome.status === 'fulfilled') return []
  const reason: unknown = outcome.reason
  if (isMpcError(reason) && (reason.retryable || endingCodes(other).includes(reason.code))) return []
  return [`${name} failed with ${reason instanceof Error ? reason.stack : String(reason)}`]
}

/** Of whichever tab's class. */
function isMpcError(reason: unknown): reason is MpcError {
  return reason instanceof MpcError || (reason instanceof Error && 'code' in reason && 'retryable' in reason)
}

/** A set that an action has given to its device, and that the server has not ended since, is there. */
async function findLostSets({ world }: Household, device: Device, outcome: Outcome): Promise<string[]> {
  const setId = outcome.status === 'fulfilled' ? (outcome.value as { setId?: string } | undefined)?.setId : undefined
  if (setId === undefined) return []
  const active = await world.database.query(
    `select 1 from reshare_sets where set_id = $1 and state = 'ACTIVE' and purpose = 'signing'`,
    [setId],
  )
  const kept = await device.storage.list(`share/${setId}`)
  return active.length > 0 && kept.length === 0 ? [`${device.label} has lost the share of a set that it was given`] : []
}

/** Every device resumes, and signs unless its set may have ended. */
async function findUnusables(
  household: Household,
  doings: readonly Doing[],
  devices: readonly Device[],
  outcomes: readonly Outcome[] = [],
): Promise<string[]> {
  const { owner, second } = household
  const all = new Set([owner, second, ...devices])
  const losses: string[] = []
  for (const device of all) losses.push(...(await findUnsettled(household, device)))
  await chooseBackup(household)
  const mayHaveEnded = doings.some(({ retires }) => retires)
  for (const device of all) {
    const isNew = device !== owner && device !== second
    const hasFailed = doings.every((_, i) => devices[i] !== device || outcomes[i]?.status === 'rejected')
    if (!isNew || !hasFailed) losses.push(...(await findUnusable(household, device, mayHaveEnded)))
  }
  return losses
}

/** Resuming twice is resuming once, and leaves nothing behind that no wallet names. */
async function findUnsettled({ world }: Household, device: Device): Promise<string[]> {
  const reports = async () =>
    (await resume(world.start(device))).map((report) => [
      report.outcome,
      'wallet' in report ? report.wallet.setId : '',
      'error' in report ? report.error.code : '',
    ])
  const [first, second] = [await reports(), await reports()].map((report) => report.join('; '))
  const losses = first === second ? [] : [`${device.label} resumed to ${first}, then to ${second}`]
  if (second!.includes('PENDING')) losses.push(`on ${device.label}, resume leaves ${second}`)
  const named = new Set<string>()
  for (const key of await device.storage.list('wallet/')) {
    const { value } = (await device.storage.read(key))!
    for (const { setId } of decodeWalletRecord(value, key.slice('wallet/'.length)).sets) named.add(setId)
  }
  for (const key of await device.storage.list('')) {
    const [kind, id] = key.split('/') as [string, string]
    if (kind !== 'wallet' && !named.has(id)) losses.push(`on ${device.label}, resume leaves ${kind} of no wallet`)
  }
  return losses
}

/** What was refused succeeds when it is done again, alone, unless it is about something that is over for good. */
async function findUnrepeatable(
  { world }: Household,
  { name }: Doing,
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

async function findServerLosses({ world }: Household): Promise<string[]> {
  const losses = await world.witness.cross()
  await world.settleServer()
  return [...losses, ...(await findBrokenInvariants(world))]
}
