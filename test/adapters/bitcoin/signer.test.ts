import { secp256k1 } from '@noble/curves/secp256k1.js'
import { p2pkh, p2wpkh, SigHash, Transaction } from '@scure/btc-signer'
import { expect, test } from 'vitest'
import { createBitcoinSigner } from '../../../src/adapters/bitcoin/signer.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { spending, expectValid } from './transactions.ts'
import { setup, PATHS } from './example-signer.ts'

test('each path has an address of each type', async () => {
  const { signer } = await setup()
  expect(signer.outputs.map(({ type, path }) => `${type} ${path}`)).toEqual([
    'p2wpkh m',
    'p2tr m',
    'p2wpkh m/0/5',
    'p2tr m/0/5',
  ])
  expect(new Set(signer.outputs.map(({ address }) => address)).size).toBe(4)
  expect(signer.outputs.every(({ address }) => address.startsWith('bcrt1'))).toBe(true)
})

test.each(['p2wpkh', 'p2tr'])('a transaction of one %s input is valid', async (type) => {
  for (const path of PATHS) {
    const { random, signer, output } = await setup()
    const owner = output(type, path)
    for (const proof of ['nonWitnessUtxo', 'witnessUtxo'] as const) {
      const transaction = spending(random, [{ script: owner.script, proof }])
      await signer.signTransaction(transaction)
      transaction.finalize()
      expectValid(transaction.extract(), [owner])
    }
  }
})

test('a transaction of inputs of every kind is valid, through its PSBT', async () => {
  const { random, signer, wallet, output } = await setup()
  const owners = [output('p2tr', 'm/0/5'), output('p2wpkh'), output('p2tr'), output('p2wpkh', 'm/0/5')]
  const coins = owners.map(({ script }, i) => ({ script, ...(i === 2 ? { sighashType: SigHash.ALL } : {}) }))
  const unsigned = spending(random, coins).toPSBT()
  const transaction = Transaction.fromPSBT(await signer.signPsbt(unsigned))
  expect(wallet.requests.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
    'taproot m/0/5',
    'ecdsa m',
    'taproot m',
    'ecdsa m/0/5',
  ])
  transaction.finalize()
  expectValid(transaction.extract(), owners)
})

test('signs as btc-signer would with the key itself', async () => {
  const { random, signer, wallet, output } = await setup()
  const owners = [output('p2wpkh'), output('p2tr')]
  const unsigned = spending(
    random,
    owners.map(({ script }) => ({ script })),
  ).toPSBT()
  const ours = Transaction.fromPSBT(await signer.signPsbt(unsigned))
  const theirs = Transaction.fromPSBT(unsigned)
  theirs.updateInput(1, { tapInternalKey: owners[1]!.publicKey.subarray(1) })
  theirs.sign(wallet.privateKey())
  for (const transaction of [ours, theirs]) transaction.finalize()
  expect(ours.id).toBe(theirs.id)
  // ECDSA nonces are those of RFC 6979 on both sides.
  expect(ours.getInput(0).finalScriptWitness).toEqual(theirs.getInput(0).finalScriptWitness)
})

test('leaves what is final, and rows that it does not know', async () => {
  const { random, signer, wallet, output } = await setup()
  const transaction = spending(random, [output('p2tr'), output('p2wpkh')])
  await signer.signTransaction(transaction, { inputs: [0] })
  transaction.finalizeIdx(0)
  const final = transaction.getInput(0).finalScriptWitness
  const unknown: [{ type: number; key: Uint8Array }, Uint8Array][] = [[{ type: 0xf0, key: random(4) }, random(8)]]
  const psbt = Transaction.fromPSBT(transaction.toPSBT(), { unknown: 'ignore' })
  psbt.updateInput(1, { unknown })
  const signed = Transaction.fromPSBT(await signer.signPsbt(psbt.toPSBT()), { unknown: 'ignore' })
  expect(signed.getInput(0).finalScriptWitness).toEqual(final)
  expect(signed.getInput(1).unknown).toEqual(unknown)
  expect(wallet.requests.map(({ kind }) => kind)).toEqual(['taproot', 'ecdsa'])
  await signer.signTransaction(signed)
  expect(wallet.requests.length).toBe(2)
})

test('leaves its own signatures, and adds those that are missing', async () => {
  const { random, signer, wallet, output } = await setup()
  const owners = [output('p2wpkh'), output('p2tr'), output('p2wpkh', 'm/0/5'), output('p2tr', 'm/0/5')]
  const coins = owners.map(({ script }, i) => ({ script, ...(i === 3 ? { sighashType: SigHash.ALL } : {}) }))
  const unsigned = spending(random, coins).toPSBT()
  const signed = await signer.signPsbt(unsigned)
  expect(await signer.signPsbt(signed)).toEqual(signed)
  expect(wallet.requests.length).toBe(4)

  const transaction = Transaction.fromPSBT(unsigned)
  await signer.signTransaction(transaction, { inputs: [1, 2] })
  await signer.signTransaction(transaction)
  expect(wallet.requests.length).toBe(8)
  await signer.signTransaction(transaction)
  expect(wallet.requests.length).toBe(8)
  transaction.finalize()
  expectValid(transaction.extract(), owners)
})

test('two calls at the same time leave one signature each', async () => {
  // ECDSA signatures of two parties differ from one time to the next.
  let nonce = 0
  const { random, signer, output } = await setup((wallet) => ({
    signEcdsa: async ({ digest, path = 'm' }) => {
      const extraEntropy = new Uint8Array(32).fill(++nonce)
      const options = { prehash: false, lowS: true, format: 'recovered', extraEntropy } as const
      const encoded = secp256k1.sign(digest, wallet.privateKey(path), options)
      return { signature: encoded.slice(1), recovery: encoded[0] as 0 | 1 }
    },
  }))
  const owners = [output('p2wpkh'), output('p2wpkh', 'm/0/5')]
  const transaction = spending(random, owners)
  await Promise.all([1, 2, 3].map(() => signer.signTransaction(transaction)))
  expect(owners.map((_, index) => transaction.getInput(index).partialSig!.length)).toEqual([1, 1])
  transaction.finalize()
  expectValid(transaction.extract(), owners)
})

test('a signature of its own over something else is neither left nor lost', async () => {
  const { random, signer, wallet, output } = await setup()
  const [segwit, taproot] = [output('p2wpkh'), output('p2tr')]
  const other = spending(random, [segwit, taproot])
  await signer.signTransaction(other)
  const stale = [other.getInput(0).partialSig![0]![1], other.getInput(1).tapKeySig!] as const
  const signatures = [
    [0, { partialSig: [[segwit.publicKey, stale[0]]] }],
    [0, { partialSig: [[segwit.publicKey, Uint8Array.of(...stale[0].subarray(0, -1), SigHash.SINGLE)]] }],
    [0, { partialSig: [[segwit.publicKey, Uint8Array.of(0x30, 1)]] }],
    [1, { tapKeySig: stale[1] }],
    [1, { tapKeySig: Uint8Array.of(...stale[1], SigHash.ALL_ANYONECANPAY) }],
  ] as [number, object][]
  const before = wallet.requests.length
  for (const [index, update] of signatures) {
    const transaction = spending(random, [segwit, taproot])
    transaction.updateInput(index, update, true)
    const unchanged = transaction.toPSBT()
    await expect(signer.signTransaction(transaction)).rejects.toThrow(
      `input ${index} has a signature of this wallet that is not one of this transaction`,
    )
    expect(transaction.toPSBT()).toEqual(unchanged)
    await signer.signTransaction(transaction, { inputs: [1 - index] })
  }
  expect(wallet.requests.length).toBe(before + signatures.length)
})

test('a transaction that changes while it is signed gets no signature', async () => {
  const changes: ((transaction: Transaction) => void)[] = [
    (transaction) => transaction.updateOutput(0, { amount: 1n }, true),
    (transaction) => transaction.updateInput(0, { sequence: 7 }, true),
    (transaction) => transaction.addOutput({ script: transaction.getOutput(0).script!, amount: 1n }, true),
  ]
  for (const change of changes) {
    const signing: { transaction?: Transaction } = {}
    const { random, signer, output } = await setup((wallet) => ({
      signTaproot: async (request) => {
        if (wallet.requests.length === 1) change(signing.transaction!)
        return wallet.signTaproot(request)
      },
    }))
    const transaction = (signing.transaction = spending(random, [output('p2wpkh'), output('p2tr')]))
    await expect(signer.signTransaction(transaction)).rejects.toThrow('the transaction changed while it was signed')
    const { partialSig } = transaction.getInput(0)
    expect([partialSig, transaction.getInput(1).tapKeySig]).toEqual([undefined, undefined])
  }
})

test('what is final in either field is left, whoever it belongs to', async () => {
  const { random, signer, wallet, output } = await setup()
  const foreign = p2pkh(secp256k1.getPublicKey(random(32)))
  for (const final of [
    { finalScriptSig: random(100) },
    { finalScriptWitness: [random(64)] },
    { finalScriptSig: random(20), finalScriptWitness: [random(64)] },
  ]) {
    const transaction = spending(random, [{ script: foreign.script }, output('p2wpkh')])
    transaction.updateInput(0, final, true)
    const signed = Transaction.fromPSBT(await signer.signPsbt(transaction.toPSBT()))
    expect(signed.getInput(0)).toMatchObject(final)
    expect(signed.getInput(1).partialSig!.length).toBe(1)
  }
  // Inputs of a raw transaction have an empty one.
  const raw = Transaction.fromRaw(spending(random, [output('p2tr')]).toBytes(true, true))
  raw.updateInput(0, { witnessUtxo: { script: output('p2tr').script, amount: 50_000n } }, true)
  expect(raw.getInput(0).finalScriptSig).toEqual(new Uint8Array(0))
  await signer.signTransaction(raw)
  expect(raw.getInput(0).tapKeySig!.length).toBe(64)
  expect(wallet.requests.length).toBe(4)
})

test('signs the inputs that it is told to, beside somebody else’s', async () => {
  const { random, signer, wallet, output } = await setup()
  const foreign = p2wpkh(secp256k1.getPublicKey(random(32)))
  const transaction = spending(random, [{ script: foreign.script }, output('p2wpkh')])
  await expect(signer.signTransaction(transaction)).rejects.toThrow('input 0 does not spend an output of this wallet')
  expect(wallet.requests).toEqual([])
  await signer.signTransaction(transaction, { inputs: [1, 1] })
  expect(transaction.getInput(0).partialSig).toBe(undefined)
  expect(transaction.getInput(1).partialSig!.map(([key]) => toHex(key))).toEqual([toHex(output('p2wpkh').publicKey)])
  expect(wallet.requests.length).toBe(1)
})

test.each([2, -1, 0.5, '0'])('there is no input %s', async (index) => {
  const { random, signer, output } = await setup()
  const transaction = spending(random, [output('p2tr'), output('p2tr')])
  const signed = signer.signTransaction(transaction, { inputs: [index as number] })
  await expect(signed).rejects.toThrow(`there is no input ${index}`)
})

test('outputs of the same key in another form are not its own', async () => {
  const { random, signer, output } = await setup()
  const legacy = p2pkh(output('p2wpkh').publicKey)
  const otherPath = await createBitcoinSigner(fakeWallet(random), { paths: ['m/1'] })
  for (const script of [legacy.script, otherPath.outputs[1]!.script]) {
    const transaction = spending(random, [output('p2tr'), { script }])
    await expect(signer.signTransaction(transaction)).rejects.toThrow('input 1 does not spend')
    expect(transaction.getInput(0).tapKeySig).toBe(undefined)
  }
})
