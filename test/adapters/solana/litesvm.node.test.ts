import { generateKeyPairSigner, lamports, type SignatureBytes } from '@solana/kit'
import { FailedTransactionMetadata, LiteSVM, TransactionMetadata } from 'litesvm'
import { expect, test } from 'vitest'
import { createSolanaSigner, solanaSigner, type SolanaSigner } from '../../../src/adapters/solana/signer.ts'
import { backupWallet, generateWallet, provisionWallet, retireSet } from '../../../src/index.ts'
import { stage } from '../../client/support/devices.ts'
import { plainMethod } from '../../client/support/plain-method.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'
import { signedTransfer, SOL } from '../../support/solana.ts'

async function richSigner(chain: LiteSVM): Promise<SolanaSigner> {
  const signer = await createSolanaSigner(fakeWallet(seededRandom()))
  chain.airdrop(signer.address, lamports(10n * SOL))
  return signer
}

test('a transfer is executed, and not with another signature', async () => {
  const chain = new LiteSVM()
  const signer = await richSigner(chain)
  const { address: recipient } = await generateKeyPairSigner()
  const signed = await signedTransfer(chain, signer, recipient, SOL)
  const wrong = signed.signatures[signer.address]!.slice() as SignatureBytes
  wrong[40]! ^= 1
  const refused = chain.sendTransaction({ ...signed, signatures: { [signer.address]: wrong } })
  expect(refused).toBeInstanceOf(FailedTransactionMetadata)
  expect(chain.sendTransaction(signed)).toBeInstanceOf(TransactionMetadata)
  expect(chain.getBalance(recipient)).toBe(SOL)
})

test('signs beside another signer who pays', async () => {
  const chain = new LiteSVM()
  const signer = await richSigner(chain)
  const payer = await generateKeyPairSigner()
  chain.airdrop(payer.address, lamports(SOL))
  const signed = await signedTransfer(chain, signer, payer.address, SOL, payer)
  expect(chain.sendTransaction(signed)).toBeInstanceOf(TransactionMetadata)
  expect(chain.getBalance(signer.address)).toBe(9n * SOL)
})

test('both devices of a wallet send, and a retired one does not', async () => {
  const { device } = stage()
  const [phone, laptop] = [device('phone'), device('laptop')]
  const { id: walletId } = await generateWallet(phone)
  const method = plainMethod()
  const backup = await backupWallet(phone, { walletId, method })
  await backup.confirm()
  const { setId } = await provisionWallet(laptop, { cipherText: backup.cipherText, method, walletId })

  const chain = new LiteSVM()
  const signers = [await solanaSigner(phone, { walletId }), await solanaSigner(laptop, { walletId })] as const
  expect(signers[0].address).toBe(signers[1].address)
  chain.airdrop(signers[0].address, lamports(10n * SOL))
  const { address: recipient } = await generateKeyPairSigner()
  for (const [i, signer] of signers.entries()) {
    const amount = SOL + BigInt(i)
    expect(chain.sendTransaction(await signedTransfer(chain, signer, recipient, amount))).toBeInstanceOf(
      TransactionMetadata,
    )
  }
  expect(chain.getBalance(recipient)).toBe(2n * SOL + 1n)

  await retireSet(phone, { walletId, setId })
  await expect(signedTransfer(chain, signers[1], recipient, SOL)).rejects.toMatchObject({ code: 'SET_RETIRED' })
})
