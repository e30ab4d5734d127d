import type { Wallet } from 'reshare'
import { solanaAddress } from 'reshare/solana'
import { ethereumAddress } from 'reshare/viem'
import type { Chains } from './chains.ts'
import { RECIPIENT } from './policy.ts'
import type { Device } from './processes.ts'
import type { TransactionReport } from './report.ts'

const ETHER = 10n ** 18n
const SOL = 10n ** 9n

/**
 * Sends a transaction from each device on each chain, from the wallet's one address there.
 *
 * @throws {Error} if one is not executed, or comes from another address
 */
export async function sendTransactions(
  { ethereum, solana }: Chains,
  wallet: Wallet,
  devices: readonly Device[],
): Promise<TransactionReport[]> {
  const { id: walletId, publicKeys } = wallet
  const sent: TransactionReport[] = []
  const ethereumAccount = ethereumAddress(publicKeys.secp256k1)
  await ethereum?.fund(ethereumAccount, 10n * ETHER)
  for (const device of ethereum ? devices : []) {
    const { hash } = await device.call('sendEther', { walletId, url: ethereum!.url, to: RECIPIENT, value: ETHER })
    const from = await ethereum!.sender(hash)
    if (from !== ethereumAccount.toLowerCase()) throw new Error(`${hash} comes from ${from}`)
    sent.push({ device: device.name, chain: 'ethereum', from: ethereumAccount, id: hash })
  }
  const solanaAccount = solanaAddress(publicKeys.ed25519)
  solana?.fund(solanaAccount, 10n * SOL)
  for (const [index, device] of (solana ? devices : []).entries()) {
    // Twice the same transfer in one block would be one transaction.
    const lamports = SOL + BigInt(index)
    const blockhash = solana!.blockhash()
    const parameters = { walletId, blockhash, to: solana!.recipient, lamports }
    const { transaction } = await device.call('signTransfer', parameters)
    sent.push({ device: device.name, chain: 'solana', from: solanaAccount, id: solana!.execute(transaction) })
  }
  return sent
}

/** What a device that was retired is refused: a transaction where there is a chain, else a signature. */
export function lastAttempt({ ethereum }: Chains, device: Device, walletId: string): Promise<unknown> {
  if (ethereum !== undefined) {
    return device.call('sendEther', { walletId, url: ethereum.url, to: RECIPIENT, value: ETHER })
  }
  const message = new TextEncoder().encode('from a lost device')
  return device.call('sign', { walletId, scheme: 'ecdsa', message, hash: 'sha256' })
}
