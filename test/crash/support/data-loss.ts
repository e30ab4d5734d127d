import { MpcError, resume, type ResumedWallet } from '../../../src/index.ts'
import { verifyAuditLog } from '../../../src/server/index.ts'
import type { Flow } from './flows.ts'
import { recovers, signs, signsAll, type WalletLine } from './wallet-line.ts'
import { INVARIANTS } from './invariants.mjs'
import { REFUSALS } from './recorder.ts'
import type { Device, World } from './world.ts'

/** What a flow left behind, before anything is started again. */
export interface Aftermath {
  readonly line: WalletLine
  readonly flow: Flow
  /** Where the flow ran. */
  readonly device: Device
  /** Whether that device has lost all it stored. */
  readonly wiped: boolean
  /** The wallets that the server had before the flow. */
  readonly walletsBefore: readonly string[]
}

/**
 * What is wrong with a wallet after everything has been started again.
 *
 * The line goes on with whatever device can sign.
 */
export async function findLosses(aftermath: Aftermath): Promise<string[]> {
  const { line, flow, device } = aftermath
  const dataLoss = await findUnresumed(line.world, device)
  dataLoss.push(...(await line.world.recorder.cross()))
  if (flow.makesWallet) dataLoss.push(...(await findLostWallets(aftermath)))
  else dataLoss.push(...(await findLostSets(aftermath)))
  // What was signed just now: a server forgets its responses after an hour, which the next flow may wait for.
  dataLoss.push(...(await line.world.recorder.cross()))
  await line.world.settleServer()
  dataLoss.push(...(await findBrokenInvariants(line.world)))
  return dataLoss
}

/** Resuming twice is resuming once, leaves nothing behind, and a request that comes late changes nothing. */
async function findUnresumed(world: World, device: Device): Promise<string[]> {
  const dataLoss: string[] = []
  const first = await resume(world.start(device))
  await world.deliverLate()
  const second = await resume(world.start(device))
  if (describe(first) !== describe(second)) dataLoss.push(`resumed to ${describe(first)}, then to ${describe(second)}`)
  for (const report of second) {
    if (report.outcome === 'PENDING') dataLoss.push(`resume leaves ${describe([report])}`)
  }
  const rows = new Set<string>()
  for (const key of await device.storage.list('')) if (!key.startsWith('wallet/')) rows.add(key.split('/')[1]!)
  const sets = second.filter((report) => 'wallet' in report).length
  if (rows.size > sets && second.every(({ outcome }) => outcome !== 'FAILED')) {
    dataLoss.push(`resume leaves ${rows.size - sets} sets behind`)
  }
  return dataLoss
}

function describe(reports: readonly ResumedWallet[]): string {
  return reports
    .map((report) => [
      report.outcome,
      'wallet' in report && report.wallet.setId,
      'error' in report && report.error.code,
    ])
    .map((parts) => parts.filter(Boolean).join(' '))
    .join(', ')
}

async function findLostSets({ line, flow, device, wiped }: Aftermath): Promise<string[]> {
  const dataLoss: string[] = []
  const before = line.owner
  const ownerSigns = await signs(line, before)
  const deviceSigns = device === before ? ownerSigns : await signs(line, device)
  if (flow.keepsOwner && !ownerSigns) dataLoss.push('the device that had the wallet cannot sign')
  // Whoever recovers to retire, finishes, and then loses the device, is left with the backup alone.
  const left = ownerSigns || deviceSigns || (wiped && (await isProven(line)))
  if (!left) dataLoss.push('no set signs')
  if (flow.newDevice && !deviceSigns && !(await recovers(line, device)))
    dataLoss.push('the device cannot recover again')
  if (flow.changesBackup && !(await recovers(line, line.world.device('spare')))) {
    dataLoss.push('the stored backup does not recover')
  }
  line.owner = ownerSigns ? before : device
  return dataLoss
}

/** A wallet that the server has committed is on the device that asked for it, and signs. */
async function findLostWallets({ line: { world }, device, walletsBefore }: Aftermath): Promise<string[]> {
  const made = (await walletIds(world)).filter((walletId) => !walletsBefore.includes(walletId))
  const client = world.start(device)
  const reports = await resume(client)
  const dataLoss: string[] = []
  for (const walletId of made) {
    const report = reports.find((candidate) => candidate.walletId === walletId)
    if (report?.outcome === 'READY') await signsAll(client, report.wallet).catch(() => dataLoss.push('no set signs'))
    else dataLoss.push('a wallet that the server has made is lost')
  }
  for (const report of reports) {
    if ('wallet' in report && !made.includes(report.walletId))
      dataLoss.push('a wallet is there that nobody has committed')
  }
  return dataLoss
}

export async function walletIds({ database }: World): Promise<string[]> {
  return (await database.query('select wallet_id from reshare_wallets')).map((row) => row['wallet_id'] as string)
}

async function isProven({ world: { database }, wallet }: WalletLine): Promise<boolean> {
  const [newest] = await database.query(
    `select proven_at from reshare_sets where wallet_id = $1 and purpose = 'signing' and committed_at is not null
     order by ordinal desc limit 1`,
    [wallet.id],
  )
  return newest?.['proven_at'] !== null
}

export async function findBrokenInvariants({ database, masterKey, recorder }: World): Promise<string[]> {
  const dataLoss: string[] = []
  const { breaks } = await verifyAuditLog({ database, masterKey })
  for (const { reason, message } of breaks) dataLoss.push(`the log is broken: ${reason}, ${message}`)
  for (const [name, sql] of INVARIANTS) if ((await database.query(sql)).length > 0) dataLoss.push(name)
  const over = await database.query(
    `select wallet_id, set_id, state from reshare_sets
     where (state <> 'ACTIVE' or purpose <> 'signing') order by ordinal desc limit 3`,
  )
  for (const row of over) {
    const refusal = await recorder.refusal(row['wallet_id'] as string, row['set_id'] as string)
    if (refusal === undefined || !REFUSALS.includes(refusal)) {
      dataLoss.push(`a set that is ${String(row['state'])} was asked to sign, and the server said ${refusal}`)
    }
  }
  return dataLoss
}

/** Whether an app can make something of an error: it is documented, and nothing of ours. */
export function isDocumented(error: unknown, documentation: string): error is MpcError {
  return error instanceof MpcError && documentation.includes(`\`${error.code}\``)
}
