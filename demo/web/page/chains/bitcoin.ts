import { Transaction } from '@scure/btc-signer'
import type { KeySource, Wallet } from 'reshare'
import { bitcoinAddress, bitcoinSigner } from 'reshare/bitcoin'
import { fromBase64, toBase64, toHex } from '../words/texts.ts'

export const addressOf = (wallet: Wallet): string => bitcoinAddress(wallet.publicKeys.secp256k1, { type: 'p2tr' })

/** A PSBT in base64 that spends coins which nobody has sent to this wallet: there is no Bitcoin network on this machine. */
export async function samplePsbt(keys: KeySource, wallet: Wallet): Promise<string> {
  const { outputs } = await bitcoinSigner(keys, { walletId: wallet.id })
  const taproot = outputs.find(({ type }) => type === 'p2tr')!
  const transaction = new Transaction()
  const txid = crypto.getRandomValues(new Uint8Array(32))
  transaction.addInput({ txid, index: 0, witnessUtxo: { script: taproot.script, amount: 500_000n } })
  transaction.addOutputAddress(taproot.address, 499_000n)
  return toBase64(transaction.toPSBT())
}

/** Signs every input with the server. @returns the transaction in hex, ready to be sent */
export async function signPsbt(keys: KeySource, wallet: Wallet, psbt: string): Promise<string> {
  const signer = await bitcoinSigner(keys, { walletId: wallet.id })
  const transaction = Transaction.fromPSBT(await signer.signPsbt(fromBase64(psbt)))
  transaction.finalize()
  return toHex(transaction.extract())
}

/** Signs a text (BIP 322) with the server, by the wallet's Taproot address. @returns the witness in base64 */
export async function signText(keys: KeySource, wallet: Wallet, text: string): Promise<string> {
  const signer = await bitcoinSigner(keys, { walletId: wallet.id })
  return signer.signMessage({ address: addressOf(wallet), message: text })
}
