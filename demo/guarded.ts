import { verifyMessage } from 'viem'
import type { Wallet } from 'reshare'
import { ethereumAddress } from 'reshare/viem'
import type { Chains } from './chains.ts'
import { RECIPIENT } from './policy.ts'
import { Refused, type Device } from './processes.ts'
import type { Screen } from './screen.ts'

/** The devices of the wallet, and one of a thief who has the user's login and password. */
export interface Cast {
  readonly a: Device
  readonly b: Device
  readonly thief: Device
  readonly secret: string
}

/** What was refused, and how that went on. */
export interface GuardedReport {
  readonly what: string
  readonly device: string
  readonly code: string
}

const ETHER = 10n ** 18n
const LOGIN = 'Log in to example.com at 12:00'

/**
 * What the server's policy makes of what is signed: a payment above the limit, tokens given away by a signature, a login that
 * another device approves, and a recovery that waits and is cancelled.
 *
 * @throws {Error} if one of them is not as it should be
 */
export async function showPolicy(
  { ethereum }: Chains,
  wallet: Wallet,
  { a, b, thief, secret }: Cast,
  screen: Screen,
): Promise<GuardedReport[]> {
  const { id: walletId } = wallet
  const refusals: GuardedReport[] = []
  const refused = async (what: string, device: Device, code: string, work: Promise<unknown>): Promise<void> => {
    const error: unknown = await work.catch((reason: unknown) => reason)
    if (!(error instanceof Refused) || error.code !== code) {
      throw new Error(`${what} should be refused with ${code}, got ${String(error)}`)
    }
    refusals.push({ what, device: device.name, code })
    screen.line(`${device.name}: ${what}: ${error.message}`)
  }
  const waiting = async (device: Device, action: string) => {
    const found = (await device.call('listApprovals', {})).find(
      (request) => request.state === 'WAITING' && request.action === action,
    )
    if (found === undefined) throw new Error(`device ${device.name} should see that ${action} waits`)
    return found
  }

  if (ethereum !== undefined) {
    const payment = { walletId, url: ethereum.url, to: RECIPIENT, value: ETHER } as const
    await refused('a third ether in an hour', a, 'POLICY_DENIED', a.call('sendEther', payment))
  }
  await refused('a permit for all tokens', a, 'POLICY_DENIED', a.call('signPermit', { walletId, spender: RECIPIENT }))

  const login = () => a.call('signMessage', { walletId, text: LOGIN })
  await refused('a login', a, 'APPROVAL_REQUIRED', login())
  const asked = await waiting(b, 'sign')
  const { intent } = asked.details as { readonly intent?: { readonly text?: string } }
  if (intent?.text !== LOGIN) throw new Error('device B should see what is signed')
  screen.line(`${b.name}: is asked to approve "${intent.text}", and does`)
  await b.call('approve', { approvalId: asked.approvalId })
  const { signature } = await login()
  const address = ethereumAddress(wallet.publicKeys.secp256k1)
  if (!(await verifyMessage({ address, message: LOGIN, signature }))) throw new Error('the login does not verify')
  screen.line(`${a.name}: has signed the login, which verifies with viem`)

  const steal = () => thief.call('recover', { walletId, secret, existingSets: 'keep' })
  await refused('a recovery with the stolen password', thief, 'APPROVAL_REQUIRED', steal())
  const { approvalId, reason } = await waiting(a, 'recover')
  screen.line(`${a.name}: sees "${reason}", and cancels it`)
  await a.call('deny', { approvalId })
  await refused('the same recovery', thief, 'POLICY_DENIED', steal())
  return refusals
}
