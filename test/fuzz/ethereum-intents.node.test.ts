import { Transaction, verifyMessage } from 'ethers'
import fc from 'fast-check'
import { bytesToHex, hexToBytes, serializeTransaction, type Hex } from 'viem'
import { expect, test } from 'vitest'
import { createEthereumAccount } from '../../src/adapters/viem/account.ts'
import type { EthereumTransactionIntent } from '../../src/policy/ethereum/index.ts'
import { ethereumIntents } from '../../src/policy/ethereum/index.ts'
import type { Intent } from '../../src/index.ts'
import { decodeIntent, encodeIntent } from '../../src/wire/intent.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { fakeWallet } from '../support/fake-wallet.ts'
import { seededRandom, type SeededRandom } from '../support/random.ts'
import { generateTransaction, hex, TYPES } from './support/ethereum-transactions.ts'
import { hostile, PATIENCE, repeat, runs } from './support/mutate.ts'
import { generateTypedData, spoil } from './support/typed-data.ts'

const { decode } = ethereumIntents()
const publicKey = await fakeWallet(seededRandom('a key')).getPublicKey('secp256k1')

/** What a server makes of an intent that comes over the wire. */
const received = (intent: Intent, key = publicKey) =>
  decode(decodeIntent(encodeIntent(intent)), { scheme: 'ecdsa', message: new Uint8Array(32), publicKey: key })

/** A server's view, or the error. */
function attempt(intent: Intent) {
  try {
    return received(intent)
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError)
    return undefined
  }
}

/** The fields of a transaction that both read. */
function common(transaction: EthereumTransactionIntent) {
  const { nonce, gas, value, data, to, chainId, maxFeePerGas, accessList, authorizations, blobVersionedHashes } =
    transaction
  const lists = { accessList, authorizations, blobVersionedHashes }
  return { nonce, gas, value, data, to, chainId: BigInt(chainId ?? 0), maxFeePerGas, ...lists }
}

function seenByEthers(read: Transaction) {
  const { nonce, gasLimit: gas, value, data, to, chainId, gasPrice, maxFeePerGas } = read
  return {
    ...{ nonce, gas, value, data, to, chainId, maxFeePerGas: maxFeePerGas ?? gasPrice ?? 0n },
    accessList: read.accessList ?? [],
    blobVersionedHashes: read.blobVersionedHashes ?? [],
    authorizations: (read.authorizationList ?? []).map(({ chainId: on, address, nonce: at }) => ({
      ...{ chainId: Number(on), address, nonce: Number(at) },
    })),
  }
}

test('a transaction of every type is to the server what ethers reads', { timeout: PATIENCE }, async () => {
  const seen = new Set<string>()
  await repeat(120, async (random) => {
    const wallet = fakeWallet(random)
    const account = await createEthereumAccount(wallet)
    const raw = await account.signTransaction((await generateTransaction(random, account)) as never)
    const { intent, signed } = wallet.requests.at(-1)
    const decoded = received(intent!, await wallet.getPublicKey('secp256k1'))
    expect(decoded).toMatchObject({ scheme: 'ecdsa', message: signed })
    const described = decoded.intent as EthereumTransactionIntent
    expect(described).toMatchObject({ kind: 'ethereumTransaction', verified: true, signer: account.address })
    expect(common(described)).toEqual(seenByEthers(Transaction.from(raw)))
    expect([TYPES.indexOf(described.type), described.signer]).toEqual([Transaction.from(raw).type, account.address])
    // The signed transaction is none that could be signed.
    expect(attempt({ kind: 'ethereumTransaction', data: hexToBytes(raw) })).toBeUndefined()
    seen.add(described.type)
  })
  expect([...seen].sort()).toEqual([...TYPES].sort())
})

test('what the server takes of spoiled transactions is what ethers reads', { timeout: PATIENCE }, async () => {
  let [taken, refused] = [0, 0]
  await repeat(60, async (random) => {
    const account = await createEthereumAccount(fakeWallet(random))
    const transaction = await generateTransaction(random, account)
    const serialized = hexToBytes(serializeTransaction({ ...transaction, sidecars: false } as never))
    fc.assert(
      fc.property(hostile(serialized), (data) => {
        const decoded = attempt({ kind: 'ethereumTransaction', data })
        if (decoded === undefined) return void refused++
        taken++
        const read = readByEthers(bytesToHex(data))
        // ethers refuses what no chain takes, such as a nonce that is too large.
        if (read === undefined) return
        expect(read.isSigned()).toBe(false)
        expect(read.unsignedHash).toBe(bytesToHex(decoded.message))
        expect(common(decoded.intent as EthereumTransactionIntent)).toEqual(seenByEthers(read))
      }),
      runs(30),
    )
  })
  expect(taken).toBeGreaterThan(100)
  expect(refused).toBeGreaterThan(100)
})

function readByEthers(serialized: Hex): Transaction | undefined {
  try {
    return Transaction.from(serialized)
  } catch {
    return undefined
  }
}

test('messages, authorizations and typed data are to the server what was signed', { timeout: PATIENCE }, async () => {
  await repeat(60, async (random) => {
    const wallet = fakeWallet(random)
    const account = await createEthereumAccount(wallet)
    const raw = hex(random, random.int(0, 100))
    const signature = await account.signMessage({ message: { raw } })
    expect(verifyMessage(hexToBytes(raw), signature)).toBe(account.address)
    expect(decodedOf(wallet)).toMatchObject({ kind: 'ethereumMessage', data: raw })
    const delegation = {
      address: hex(random, 20),
      chainId: random.pick([0, 1, 137, 2 ** 53 - 1]),
      nonce: random.int(0, 300),
    }
    const { address } = await account.signAuthorization(delegation)
    expect(decodedOf(wallet)).toMatchObject({
      ...delegation,
      address: expect.any(String),
      kind: 'ethereumAuthorization',
    })
    expect((decodedOf(wallet) as { address: string }).address.toLowerCase()).toBe(address)
    const typedData = generateTypedData(random)
    await account.signTypedData(typedData)
    expect(decodedOf(wallet)).toMatchObject({ kind: 'ethereumTypedData', primaryType: typedData.primaryType })
  })
})

/** What the server sees of the last request, which is for what was signed. */
function decodedOf({ requests }: ReturnType<typeof fakeWallet>): object {
  const { intent, signed } = requests.at(-1)
  const decoded = received(intent!)
  expect(decoded.message).toEqual(signed)
  return decoded.intent
}

test('bytes from nowhere and spoiled typed data are refused with a RangeError', { timeout: PATIENCE }, async () => {
  await repeat(100, (random: SeededRandom) => {
    const text = JSON.stringify(spoil(random, generateTypedData(random)))
    attempt({ kind: 'ethereumTypedData', data: utf8(text) })
    attempt({ kind: 'ethereumTypedData', data: utf8(text.slice(0, random.int(0, text.length))) })
    attempt({ kind: 'ethereumAuthorization', data: Uint8Array.of(5, ...random(random.int(0, 60))) })
    attempt({ kind: 'ethereumTransaction', data: Uint8Array.of(random.int(0, 255), ...random(random.int(0, 200))) })
  })
})
