import { Address, OutScript, Transaction } from '@scure/btc-signer'
import type { KeySource, Wallet } from 'reshare'
import { bitcoinAddress, bitcoinSigner } from 'reshare/bitcoin'
import { fromBase64, toBase64, toHex } from '../words/texts.ts'

const SATOSHI = 100_000_000

export const addressOf = (wallet: Wallet): string => bitcoinAddress(wallet.publicKeys.secp256k1, { type: 'p2tr' })

/** What a PSBT does, for the user to read before signing. */
export interface PsbtSummary {
  /** In bitcoin. */
  readonly outputs: readonly { readonly address: string; readonly amount: string }[]
  readonly fee: string
}

/** A PSBT in base64 that spends coins which nobody has sent to this wallet: there is no Bitcoin network on this machine. */
export async function samplePsbt(client: KeySource, wallet: Wallet): Promise<string> {
  const { outputs } = await bitcoinSigner(client, { walletId: wallet.id })
  const taproot = outputs.find(({ type }) => type === 'p2tr')!
  const transaction = new Transaction()
  const txid = crypto.getRandomValues(new Uint8Array(32))
  transaction.addInput({ txid, index: 0, witnessUtxo: { script: taproot.script, amount: 500_000n } })
  transaction.addOutputAddress(taproot.address, 499_000n)
  return toBase64(transaction.toPSBT())
}

/** @throws {Error} if it is not a PSBT, or does not say what its inputs are worth */
export function summaryOf(psbt: string): PsbtSummary {
  const transaction = Transaction.fromPSBT(fromBase64(psbt))
  const outputs = Array.from({ length: transaction.outputsLength }, (_, index) => {
    const { script, amount = 0n } = transaction.getOutput(index)
    return { address: Address().encode(OutScript.decode(script!)), amount: bitcoin(amount) }
  })
  return { outputs, fee: bitcoin(transaction.fee) }
}

/** Signs every input with the server. @returns the transaction in hex, ready to be sent */
export async function signPsbt(client: KeySource, wallet: Wallet, psbt: string): Promise<string> {
  const signer = await bitcoinSigner(client, { walletId: wallet.id })
  const transaction = Transaction.fromPSBT(await signer.signPsbt(fromBase64(psbt)))
  transaction.finalize()
  return toHex(transaction.extract())
}

const bitcoin = (satoshi: bigint): string => (Number(satoshi) / SATOSHI).toFixed(8)
