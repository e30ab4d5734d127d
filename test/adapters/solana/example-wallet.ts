import {
  type SolanaSignAndSendTransactionFeature,
  type SolanaSignInFeature,
  type SolanaSignMessageFeature,
  type SolanaSignTransactionFeature,
} from '@solana/wallet-standard-features'
import { Keypair, PublicKey, SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import type { WalletWithFeatures } from '@wallet-standard/base'
import {
  StandardConnect,
  type StandardConnectFeature,
  type StandardDisconnectFeature,
  type StandardEventsFeature,
} from '@wallet-standard/features'
import { createSolanaSigner } from '../../../src/adapters/solana/signer.ts'
import { solanaWallet, type SolanaWalletParameters } from '../../../src/adapters/solana/standard-wallet.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'
import { SOL } from '../../support/solana.ts'

type Features = StandardConnectFeature &
  StandardDisconnectFeature &
  StandardEventsFeature &
  SolanaSignTransactionFeature &
  SolanaSignMessageFeature &
  SolanaSignInFeature &
  Partial<SolanaSignAndSendTransactionFeature>

export const ICON = 'data:image/svg+xml;base64,PHN2Zy8+'
export const DOMAIN = 'app.example'
export const BLOCKHASH = Keypair.fromSeed(new Uint8Array(32).fill(5)).publicKey.toBase58()
export const recipient = Keypair.fromSeed(new Uint8Array(32).fill(3)).publicKey

/** A page that has a wallet of its own. */
export async function setup(parameters: Partial<SolanaWalletParameters> = {}) {
  const fake = fakeWallet(seededRandom())
  const signer = await createSolanaSigner(fake)
  const own = solanaWallet({ signer, name: 'Example', icon: ICON, domain: DOMAIN, ...parameters })
  // Types of the standard: what pages see.
  const wallet: WalletWithFeatures<Features> = own
  const { features } = wallet
  const connect = () => features[StandardConnect].connect()
  const publicKey = new PublicKey(signer.address)
  return { fake, signer, own, wallet, features, connect, publicKey }
}

/** A transfer of one SOL, not signed. */
export function transfer(payer: PublicKey, recentBlockhash = BLOCKHASH, from = payer): VersionedTransaction {
  const instructions = [SystemProgram.transfer({ fromPubkey: from, toPubkey: recipient, lamports: SOL })]
  return new VersionedTransaction(
    new TransactionMessage({ payerKey: payer, recentBlockhash, instructions }).compileToV0Message(),
  )
}
