import { readFileSync } from 'node:fs'
import { MpcError, resume, sign } from '../../../src/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import type { Flow } from './flows.ts'
import { Crash, createCrashPoint, createFaultInjector } from './crash-point.ts'
import { findLosses, isDocumented, walletIds } from './data-loss.ts'
import type { MoveTrouble, NetworkTrouble, WebhookTrouble } from './trouble.ts'
import type { WalletLine } from './wallet-line.ts'
import type { Device } from './world.ts'

/**
 * What happens at a point: the client's process ends, and starts again later or at once; or it ends and with it all that
 * its device stores; the server ends, starts again later or at once, or ends while the client's network layer sends again;
 * both end together; or a message has trouble, as when the client is moved to another database meanwhile.
 */
export type Fault = ProcessFault | NetworkTrouble | MoveTrouble | WebhookTrouble

type ProcessFault =
  'client' | 'client, at once' | 'device' | 'server' | 'server, at once' | 'server, sent again' | 'server and client'

/** Faults by who has them. */
export const FAULTS = {
  client: ['client', 'client, at once', 'device'],
  server: ['server', 'server, at once', 'server and client'],
  sentAgain: ['server, sent again'],
  network: ['request lost', 'answer lost', 'request sent twice', 'request late', 'answer late'],
  moves: ['moved before', 'moved, answer lost', 'moved, sent again'],
  custodian: ['webhook lost', 'webhook failed', 'webhook sent twice'],
} as const satisfies Record<string, readonly Fault[]>

const CLIENT_ENDS: readonly Fault[] = ['client', 'client, at once', 'device', 'server and client']

/** What a matrix found. */
export interface Findings {
  /** The points at which something happened. */
  readonly points: readonly string[]
  /** What was lost, with the point at which it happened. */
  readonly dataLoss: readonly string[]
}

/** Has a fault at every point that a flow passes, one run a point, until a run passes no more points. */
export async function endAtEveryPoint(line: WalletLine, flow: Flow, fault: Fault): Promise<Findings> {
  const points: string[] = []
  const dataLoss: string[] = []
  for (let last = 1; ; last++) {
    const found = await endAtPoint(line, flow, fault, last)
    dataLoss.push(...found.dataLoss)
    if (found.points.length === 0) return { points, dataLoss }
    points.push(...found.points)
  }
}

/** Has a fault at one point, counted from 1; finds no point if the flow passes fewer. */
export async function endAtPoint(line: WalletLine, flow: Flow, fault: Fault, last: number): Promise<Findings> {
  const { world } = line
  const device = flow.newDevice || flow.makesWallet ? world.device(`device ${last}`) : line.owner
  const prepared = (await flow.prepare?.(line, device)) ?? ''
  const walletsBefore = await walletIds(world)
  const { point, failure } = await runUntil({ line, flow, fault, device, prepared }, last)
  const clientEnded = CLIENT_ENDS.includes(fault)
  if (point !== undefined && clientEnded) device.storage.ended?.()
  const wiped = point !== undefined && fault === 'device'
  if (wiped) await wipeDevice(device)
  const found = failure === undefined ? [] : [failure]
  if (fault === 'client, at once' || fault === 'server, at once') found.push(...(await goOnAtOnce(line, device)))
  found.push(...(await findLosses({ line, flow, device, wiped, walletsBefore })))
  return {
    points: point === undefined ? [] : [point],
    dataLoss: found.map((loss) => `${flow.name}, ${fault} at ${last} (${point ?? 'no point'}): ${loss}`),
  }
}

/** How many points of a fault's kind a flow passes when nothing happens. */
export async function countPoints(line: WalletLine, flow: Flow, fault: Fault): Promise<number> {
  const { world } = line
  const device = flow.newDevice || flow.makesWallet ? world.device('counted') : line.owner
  const prepared = (await flow.prepare?.(line, device)) ?? ''
  const { passed, failure } = await runUntil({ line, flow, fault, device, prepared }, Number.POSITIVE_INFINITY)
  if (failure !== undefined) throw new Error(failure)
  if (flow.newDevice && !flow.keepsOwner) line.owner = device
  return passed
}

interface Run {
  /** Where it happened; undefined if nothing did. */
  readonly point: string | undefined
  /** How many points were passed. */
  readonly passed: number
  /** What went wrong that should not have. */
  readonly failure: string | undefined
}

interface Running {
  readonly line: WalletLine
  readonly flow: Flow
  readonly fault: Fault
  readonly device: Device
  readonly prepared: string
}

async function runUntil({ line, flow, fault, device, prepared }: Running, last: number): Promise<Run> {
  const { world } = line
  const crashPoint = createCrashPoint(last)
  const faultInjector = createFaultInjector(last)
  const atOnce = fault === 'client, at once' || fault === 'server, at once'
  const start = () => {
    switch (fault) {
      case 'client':
      case 'client, at once':
      case 'device':
        return world.start(device, { crashPoint })
      case 'server':
      case 'server, at once':
        world.restartServer({ crashPoint })
        return world.start(device)
      case 'server and client':
        world.restartServer({ crashPoint })
        return world.start(device, { crashPoint })
      case 'server, sent again':
        world.restartServer({ crashPoint })
        return world.startPatient(device)
      case 'webhook lost':
      case 'webhook failed':
      case 'webhook sent twice':
        world.troubleWebhooks(fault, faultInjector)
        return world.start(device)
      default:
        world.troubleNetwork(fault, faultInjector)
        return world.start(device)
    }
  }
  const error = await flow.run(start(), line, prepared).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (fault.startsWith('server')) world.restartServer({ atOnce })
  world.troubleNetwork()
  world.troubleWebhooks()
  const point = crashPoint.reached ? crashPoint.points.at(-1) : faultInjector.injectedAt
  const passed = crashPoint.points.length + faultInjector.points.length
  const [unmoved] = world.moveFailures.splice(0)
  if (unmoved !== undefined)
    return { point, passed, failure: `not moved: ${unmoved instanceof Error ? unmoved.stack : 'for no error'}` }
  if (error === undefined || (point !== undefined && isExpected(error, fault))) {
    return { point, passed, failure: undefined }
  }
  return { point, passed, failure: `failed with ${error instanceof Error ? error.stack : 'no error'}` }
}

/** The codes that an app is told of, with what to do. */
const documentation = readFileSync(new URL('../../../docs/client.md', import.meta.url), 'utf8')

function isExpected(error: unknown, fault: Fault): boolean {
  if (error instanceof Crash) return true
  // What is sent twice, or again, is as good as sent once.
  if (fault === 'server, sent again' || fault.endsWith('sent twice')) return false
  return isDocumented(error, documentation)
}

/** Started again while what was begun may still be under way: it works, or says that something is in progress. */
async function goOnAtOnce({ world, wallet }: WalletLine, device: Device): Promise<string[]> {
  const client = world.start(device, { atOnce: true })
  const dataLoss: string[] = []
  for (const report of await resume(client)) {
    if ('error' in report && report.error.code !== 'OPERATION_IN_PROGRESS') {
      dataLoss.push(`at once, resume reports ${report.outcome} with ${report.error.code}`)
    }
  }
  const message = utf8('at once')
  const error: unknown = await sign(client, { walletId: wallet.id, scheme: 'ed25519', message }).catch(
    (reason: unknown) => reason,
  )
  if (error instanceof Error && !(error instanceof MpcError && BUSY.includes(error.code))) {
    dataLoss.push(`at once, signing fails with ${error.message}`)
  }
  return dataLoss
}

/** What a device says of a wallet that another operation may be at, or that it does not have yet. */
const BUSY: readonly string[] = ['OPERATION_IN_PROGRESS', 'SHARE_NOT_FOUND']

async function wipeDevice({ storage }: Device): Promise<void> {
  for (const key of await storage.list('')) await storage.delete(key)
}
