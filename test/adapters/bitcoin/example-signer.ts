import { createBitcoinSigner } from '../../../src/adapters/bitcoin/signer.ts'
import type { OwnedOutput } from '../../../src/adapters/bitcoin/address.ts'
import { fakeWallet, type FakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'

export const PATHS = ['m', 'm/0/5'] as const

/** A signer with a wallet of its own, and its outputs by type and path. */
export async function setup(keys: (wallet: FakeWallet) => Partial<FakeWallet> = () => ({})) {
  const random = seededRandom()
  const wallet = fakeWallet(random)
  const signer = await createBitcoinSigner({ ...wallet, ...keys(wallet) }, { paths: PATHS, network: 'regtest' })
  const output = (type: string, path: string = 'm'): OwnedOutput =>
    signer.outputs.find((candidate) => candidate.type === type && candidate.path === path)!
  return { random, wallet, signer, output }
}
