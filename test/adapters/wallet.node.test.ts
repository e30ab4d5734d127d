import { schnorr } from '@noble/curves/secp256k1.js'
import { p2wpkh, Transaction } from '@scure/btc-signer'
import { generateKeyPairSigner, lamports } from '@solana/kit'
import { LiteSVM, TransactionMetadata } from 'litesvm'
import { createWalletClient, http, numberToHex, parseEther } from 'viem'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bitcoinAddress, bitcoinSigner } from '../../src/adapters/bitcoin/index.ts'
import { solanaAddress, solanaSigner } from '../../src/adapters/solana/index.ts'
import { bitcoinIntents } from '../../src/policy/bitcoin/index.ts'
import { ethereumIntents } from '../../src/policy/ethereum/index.ts'
import { solanaIntents } from '../../src/policy/solana/index.ts'
import { ethereumAccount, ethereumAddress, ethereumProvider } from '../../src/adapters/viem/index.ts'
import {
  backupWallet,
  createClient,
  generateWallet,
  provisionWallet,
  retireSet,
  type Client,
  type Wallet,
} from '../../src/index.ts'
import type { Database } from '../../src/service/database/types.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { plainMethod } from '../client/support/plain-method.ts'
import { databaseKinds } from '../e2e/support/databases.ts'
import { deploy, type Deployment } from '../e2e/support/deployment.ts'
import { anvilClient, startAnvil, type Anvil } from '../support/anvil.ts'
import { signedTransfer, SOL } from '../support/solana.ts'

const RECIPIENT = '0x000000000000000000000000000000000000dEaD'

let database: Database
let deployment: Deployment
let anvil: Anvil
let phone: Client
let laptop: Client
let wallet: Wallet
let laptopSetId: string

// One wallet on two devices, each with a signing set of its own.
beforeAll(async () => {
  database = await databaseKinds[0]!.open()
  // What the adapters sign, the server has seen and checked: it signs nothing else.
  const intents = [ethereumIntents(), bitcoinIntents(), solanaIntents()]
  deployment = await deploy(database, undefined, undefined, { intents, requireIntent: true })
  anvil = await startAnvil()
  const transport = await deployment.transportFor('owner')
  const device = (label: string): Client =>
    createClient({ transport, storage: memoryStore(), label, pool: { size: 0 } })
  phone = device('phone')
  laptop = device('laptop')
  wallet = await generateWallet(phone)
  const method = plainMethod()
  const backup = await backupWallet(phone, { walletId: wallet.id, method })
  await backup.confirm()
  const provisioned = await provisionWallet(laptop, { cipherText: backup.cipherText, method, walletId: wallet.id })
  laptopSetId = provisioned.setId
})
afterAll(async () => {
  anvil.stop()
  await deployment.close()
  await database.close()
})

test('Ethereum transactions of both devices are mined, from the same address', async () => {
  const chain = anvilClient(anvil)
  for (const path of ['m', 'm/0/5']) {
    for (const [index, device] of [phone, laptop].entries()) {
      const account = await ethereumAccount(device, { walletId: wallet.id, path })
      if (path === 'm') expect(account.address).toBe(ethereumAddress(wallet.publicKeys.secp256k1))
      if (index === 0) await chain.setBalance({ address: account.address, value: parseEther('10') })
      const client = createWalletClient({ account, chain: foundry, transport: http(anvil.url) })
      const hash = await client.sendTransaction({ to: RECIPIENT, value: 1n })
      const receipt = await chain.waitForTransactionReceipt({ hash })
      expect(receipt).toMatchObject({ status: 'success', from: account.address.toLowerCase() })
      expect((await chain.getTransaction({ hash })).nonce).toBe(index)
      const signature = await account.signMessage({ message: 'a text' })
      expect(await chain.verifyMessage({ address: account.address, message: 'a text', signature })).toBe(true)
    }
  }
})

test('a provider sends too', async () => {
  const account = await ethereumAccount(phone, { walletId: wallet.id, path: 'm/1' })
  const chain = anvilClient(anvil)
  await chain.setBalance({ address: account.address, value: parseEther('1') })
  const provider = ethereumProvider({ account, chain: foundry, transport: http(anvil.url) })
  const transaction = { from: account.address, to: RECIPIENT, value: numberToHex(1) } as const
  const hash = await provider.request({ method: 'eth_sendTransaction', params: [transaction] })
  expect(await chain.waitForTransactionReceipt({ hash })).toMatchObject({ status: 'success' })
})

test('Solana transfers of both devices are executed', async () => {
  const chain = new LiteSVM()
  const { address: recipient } = await generateKeyPairSigner()
  for (const path of ['m', 'm/0/5']) {
    for (const [index, device] of [phone, laptop].entries()) {
      const signer = await solanaSigner(device, { walletId: wallet.id, path })
      expect(signer.address === solanaAddress(wallet.publicKeys.ed25519)).toBe(path === 'm')
      if (index === 0) chain.airdrop(signer.address, lamports(10n * SOL))
      const signed = await signedTransfer(chain, signer, recipient, SOL + BigInt(index))
      expect(chain.sendTransaction(signed)).toBeInstanceOf(TransactionMetadata)
    }
  }
  expect(chain.getBalance(recipient)).toBe(4n * SOL + 2n)
})

test('Bitcoin inputs of both kinds are signed as btc-signer finalizes them', async () => {
  for (const device of [phone, laptop]) {
    const signer = await bitcoinSigner(device, { walletId: wallet.id, paths: ['m', 'm/0/5'], network: 'regtest' })
    const address = bitcoinAddress(wallet.publicKeys.secp256k1, { type: 'p2tr', network: 'regtest' })
    expect(signer.outputs.map((output) => output.address)).toContain(address)
    const transaction = new Transaction()
    signer.outputs.forEach(({ script }, index) => {
      transaction.addInput({ txid: new Uint8Array(32).fill(7), index, witnessUtxo: { script, amount: 10_000n } })
    })
    transaction.addOutput({ script: p2wpkh(wallet.publicKeys.secp256k1).script, amount: 39_000n })
    await signer.signTransaction(transaction, { trustWitnessUtxo: true })
    const scripts = signer.outputs.map(({ script }) => script)
    const amounts = scripts.map(() => 10_000n)
    signer.outputs.forEach(({ type, signedBy }, index) => {
      if (type !== 'p2tr') return
      const digest = transaction.preimageWitnessV1(index, scripts, 0, amounts)
      expect(schnorr.verify(transaction.getInput(index).tapKeySig!, digest, signedBy)).toBe(true)
    })
    transaction.finalize()
    expect(transaction.extract().length).toBeGreaterThan(0)
  }
})

test('a retired device signs for no chain', async () => {
  const account = await ethereumAccount(laptop, { walletId: wallet.id })
  const signer = await bitcoinSigner(laptop, { walletId: wallet.id })
  await retireSet(phone, { walletId: wallet.id, setId: laptopSetId })
  const refused = { code: 'SET_RETIRED' }
  await expect(account.signMessage({ message: 'a text' })).rejects.toMatchObject(refused)
  const transaction = new Transaction()
  const { script } = signer.outputs[1]!
  transaction.addInput({ txid: new Uint8Array(32).fill(7), index: 0, witnessUtxo: { script, amount: 10_000n } })
  transaction.addOutput({ script, amount: 9_000n })
  await expect(signer.signTransaction(transaction)).rejects.toMatchObject({ code: /SET_RETIRED|SHARE_NOT_FOUND/ })
})
