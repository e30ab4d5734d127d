import { MpcError } from '../../../src/index.ts'
import { findLosses, type Flow } from './flows.ts'
import { Crash, createFuse } from './fuse.ts'
import { unprovenRetirements, type WalletLine } from './wallet-line.ts'
import type { Device } from './world.ts'

/**
 * Who ends: the client's process, the client's process and all that its device stores, the server, or the server while
 * the client's network layer sends again.
 */
export type Fault = 'client' | 'device' | 'server' | 'server, sent again'

/** What a matrix found. */
export interface Findings {
  /** The points at which a process was ended. */
  readonly points: readonly string[]
  /** What was lost, with the point at which the process ended. */
  readonly losses: readonly string[]
}

/** Ends one process at every point that a flow passes, one run a point, until a run passes no more points. */
export async function endAtEveryPoint(line: WalletLine, flow: Flow, fault: Fault): Promise<Findings> {
  const points: string[] = []
  const losses: string[] = []
  for (let last = 1; ; last++) {
    const device = flow.newDevice ? line.world.device(`device ${last}`) : line.owner
    const { point, failure } = await runUntil(line, flow, fault, device, last)
    if (point !== undefined) points.push(point)
    if (point !== undefined && (fault === 'client' || fault === 'device')) device.storage.ended?.()
    if (point !== undefined && fault === 'device') await wipeDevice(device)
    const found = await findLosses(line, flow, device, fault === 'device' && point !== undefined)
    if (failure !== undefined) found.push(failure)
    if ((await unprovenRetirements(line)) > 0) found.push('a set was retired before another had proven to work')
    losses.push(...found.map((loss) => `${flow.name}, ${fault} ended at ${last} (${point ?? 'no point'}): ${loss}`))
    if (point === undefined) return { points, losses }
  }
}

interface Run {
  /** Where the process ended; undefined if it came through. */
  readonly point: string | undefined
  /** What went wrong that should not have. */
  readonly failure: string | undefined
}

async function runUntil(line: WalletLine, flow: Flow, fault: Fault, device: Device, last: number): Promise<Run> {
  const { world } = line
  const fuse = createFuse(last)
  const onServer = fault === 'server' || fault === 'server, sent again'
  if (onServer) world.restartServer(fuse)
  const client =
    fault === 'server, sent again' ? world.startPatient(device) : world.start(device, onServer ? undefined : fuse)
  const error = await flow.run(client, line).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (onServer) world.restartServer()
  const point = fuse.burnt ? fuse.points.at(-1) : undefined
  const expected = error instanceof Crash || (error instanceof MpcError && fault === 'server')
  if (error === undefined || (expected && point !== undefined)) return { point, failure: undefined }
  return { point, failure: `failed with ${error instanceof Error ? error.message : 'no error'}` }
}

async function wipeDevice({ storage }: Device): Promise<void> {
  for (const key of await storage.list('')) await storage.delete(key)
}
