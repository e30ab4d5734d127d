import { ed25519 } from '@noble/curves/ed25519.js'
import { schnorr } from '@noble/curves/secp256k1.js'
import type { FoundWallet, WalletSet, Progress, Status, Wallet } from 'reshare'
import type { Chains } from './chains.ts'
import { showPolicy } from './guarded.ts'
import { RECOVERY_DELAY_MS } from './policy.ts'
import { Refused, type Device } from './processes.ts'
import type { Report, SignatureReport, Step } from './report.ts'
import type { Screen } from './screen.ts'
import { lastAttempt, sendTransactions } from './transactions.ts'

/** What the story needs: devices that start when their turn comes, and a secret that only the user knows. */
export interface Stage {
  readonly screen: Screen
  readonly startDevice: (name: string) => Promise<Device>
  readonly secret: string
  readonly chains: Chains
}

const SCHEMES = ['ed25519', 'bip340'] as const
const waitForApprovalMs = 20 * RECOVERY_DELAY_MS

/**
 * A generates, B joins by a code, both sign, what the policy does not allow is refused; C finds the wallet and recovers it, and A and B are retired. With real
 * processes.
 *
 * @throws {Error} at the first thing that is not as it should be
 */
export async function tellStory({ screen, startDevice, secret, chains }: Stage): Promise<Report> {
  const started = performance.now()
  const steps: Step[] = []
  const signatures: SignatureReport[] = []
  const refusals: { device: string; code: string }[] = []

  async function step<T>(
    title: string,
    device: Device,
    work: (onProgress: (progress: Progress) => void) => Promise<T>,
  ): Promise<T> {
    const statuses: Status[] = []
    const bar = screen.bar(`${device.name}: ${title}`)
    const begun = performance.now()
    const result = await work((progress) => {
      if (statuses.at(-1) !== progress.status) statuses.push(progress.status)
      bar.report(progress)
    })
    const durationMs = Math.round(performance.now() - begun)
    bar.end(durationMs)
    steps.push({ step: title, device: device.name, statuses, durationMs })
    return result
  }

  async function signAll(title: string, wallet: Wallet, jobs: readonly (readonly [Device, string])[]): Promise<void> {
    const begun = performance.now()
    const made = await Promise.all(
      jobs.flatMap(([device, text]) => SCHEMES.map((scheme) => signVerified(device, wallet, scheme, text))),
    )
    const durationMs = Math.round(performance.now() - begun)
    signatures.push(...made)
    const devices = [...new Set(jobs.map(([device]) => device.name))].join(' and ')
    steps.push({ step: title, device: devices, statuses: [], durationMs })
    screen.line(`${devices}: ${title}: ${made.length} signatures in ${durationMs} ms, all verify with @noble/curves`)
  }

  async function expectRefused(device: Device, walletId: string): Promise<void> {
    const error = await lastAttempt(chains, device, walletId).catch((reason: unknown) => reason)
    if (!(error instanceof Refused) || error.code !== 'SET_RETIRED') {
      throw new Error(`device ${device.name} should be refused with SET_RETIRED, got ${String(error)}`)
    }
    refusals.push({ device: device.name, code: error.code })
    screen.line(`${device.name}: refused with ${error.code}`)
  }

  const showSets = async (device: Device, walletId: string): Promise<WalletSet[]> => {
    const sets = await device.call('listSets', { walletId })
    screen.sets(sets)
    return sets
  }

  screen.heading('One wallet, two devices')
  const a = await startDevice('A')
  const wallet = await step('generate the wallet', a, (onProgress) => a.call('generate', {}, onProgress))
  const { id: walletId } = wallet
  const backup = await step('back it up with a password', a, (onProgress) =>
    a.call('backup', { walletId, secret }, onProgress),
  )
  const b = await startDevice('B')
  const { code } = await b.call('join', {})
  screen.line(`B: shows the code ${code.slice(0, 20)}…`)
  const invited = await step('invite device B by its code', a, (onProgress) =>
    a.call('invite', { walletId, code, label: 'device B' }, onProgress),
  )
  const joined = await b.call('joined', {})
  expectSameWallet(joined, wallet)
  if (joined.setId !== invited.setId) throw new Error('device B has another set than device A has made for it')
  await signAll('sign the same message', wallet, [
    [a, 'the same message'],
    [b, 'the same message'],
  ])
  await signAll('sign different messages', wallet, [
    [a, 'from device A'],
    [b, 'from device B'],
  ])
  await showSets(a, walletId)

  screen.heading('Transactions of both devices, from the same addresses')
  for (const reason of chains.missing) screen.line(reason)
  const transactions = await sendTransactions(chains, wallet, [a, b])
  for (const { device, chain, from, id } of transactions) {
    screen.line(`${device}: ${chain.padEnd(8)} ${from} executed ${id.slice(0, 20)}…`)
  }

  screen.heading('What is signed is seen: the policy of the server')
  const cast = { a, b, thief: await startDevice('X'), secret }
  const guarded = await showPolicy(chains, wallet, cast, screen)

  screen.heading('The devices are lost')
  const c = await startDevice('C')
  const found = await step('find the wallet', c, () => c.call('findWallets', {}))
  expectFound(found, wallet)
  screen.line(`C: found wallet ${walletId}, to be recovered by ${found[0]!.backups.map(({ method }) => method).join()}`)
  const sole = await step('recover, retire the sets', c, (onProgress) =>
    // It waits until the policy's delay is over.
    c.call('recover', { walletId: found[0]!.id, secret, existingSets: 'retire', waitForApprovalMs }, onProgress),
  )
  expectSameWallet(sole, wallet)
  await expectRefused(a, walletId)
  await expectRefused(b, walletId)
  await signAll('sign', wallet, [[c, 'from device C']])
  const sets = await showSets(c, walletId)
  expectStates(sets, { [wallet.setId]: 'DESTROYED', [joined.setId]: 'DESTROYED', [sole.setId]: 'ACTIVE' })

  return {
    walletId,
    publicKeys: { secp256k1: hex(wallet.publicKeys.secp256k1), ed25519: hex(wallet.publicKeys.ed25519) },
    setIds: { A: wallet.setId, B: joined.setId, C: sole.setId, backup: backup.setId },
    steps,
    signatures,
    transactions,
    missing: chains.missing,
    guarded,
    refusals,
    sets,
    durationMs: Math.round(performance.now() - started),
  }
}

async function signVerified(
  device: Device,
  wallet: Wallet,
  scheme: (typeof SCHEMES)[number],
  text: string,
): Promise<SignatureReport> {
  const message = new TextEncoder().encode(text)
  const intent = scheme === 'ed25519' ? ({ kind: 'solanaMessage' } as const) : undefined
  const { signature, setId } = await device.call('sign', {
    walletId: wallet.id,
    scheme,
    message,
    ...(intent && { intent }),
  })
  const { secp256k1, ed25519: edwards } = wallet.publicKeys
  const publicKey = scheme === 'ed25519' ? edwards : secp256k1.slice(1)
  const verified =
    scheme === 'ed25519'
      ? ed25519.verify(signature, message, publicKey, { zip215: false })
      : schnorr.verify(signature, message, publicKey)
  if (!verified) throw new Error(`the ${scheme} signature of device ${device.name} does not verify`)
  return {
    device: device.name,
    setId,
    scheme,
    message: hex(message),
    publicKey: hex(publicKey),
    signature: hex(signature),
    verified,
  }
}

function expectSameWallet(recovered: Wallet, wallet: Wallet): void {
  const keys = ({ publicKeys }: Wallet) => hex(publicKeys.secp256k1) + hex(publicKeys.ed25519)
  if (recovered.id !== wallet.id || keys(recovered) !== keys(wallet)) {
    throw new Error('the recovered wallet has other keys')
  }
  if (recovered.setId === wallet.setId) throw new Error('the recovered set is not a new one')
}

function expectFound(found: readonly FoundWallet[], wallet: Wallet): void {
  const [first] = found
  if (found.length !== 1 || first?.id !== wallet.id) throw new Error('device C should find the wallet, and no other')
  const methods = first.backups.map(({ method }) => method)
  if (methods.join() !== 'PASSWORD')
    throw new Error(`the wallet should be recovered by PASSWORD, not by ${methods.join()}`)
}

function expectStates(sets: readonly WalletSet[], states: Readonly<Record<string, string>>): void {
  for (const [setId, state] of Object.entries(states)) {
    const found = sets.find((set) => set.setId === setId)?.state
    if (found !== state) throw new Error(`set ${setId} should be ${state}, is ${found}`)
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
