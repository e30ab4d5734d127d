import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { p2tr, p2wpkh, SigHash, Transaction } from '@scure/btc-signer'
import { expect, test } from 'vitest'
import type { BitcoinSigner } from '../../../src/adapters/bitcoin/signer.ts'
import { fromHex, toHex } from '../../../src/util/bytes.ts'
import { funding, spending, expectValid } from './transactions.ts'
import { setup } from './example-signer.ts'

test.each([
  ['p2wpkh', [SigHash.DEFAULT, SigHash.NONE, SigHash.SINGLE, SigHash.ALL_ANYONECANPAY, SigHash.NONE_ANYONECANPAY]],
  ['p2tr', [SigHash.NONE, SigHash.SINGLE, SigHash.ALL_ANYONECANPAY, SigHash.SINGLE_ANYONECANPAY]],
])('refuses %s with a sighash type that does not commit to everything', async (type, sighashTypes) => {
  const { random, signer, wallet, output } = await setup()
  for (const sighashType of sighashTypes) {
    const transaction = spending(random, [output('p2tr'), { script: output(type).script, sighashType }])
    await expect(signer.signTransaction(transaction)).rejects.toThrow(`input 1 asks for sighash type ${sighashType}`)
  }
  expect(wallet.requests).toEqual([])
})

test('an input must say what it spends', async () => {
  const { random, signer, wallet, output } = await setup()
  const unknown = { script: output('p2tr').script, proof: 'none' } as const
  const segwit = spending(random, [output('p2wpkh'), unknown])
  await expect(signer.signTransaction(segwit)).rejects.toThrow('input 1 does not spend an output of this wallet')
  // Taproot commits to what the other inputs spend, whoever signs them.
  const taproot = spending(random, [output('p2tr'), unknown])
  await expect(signer.signTransaction(taproot, { inputs: [0] })).rejects.toThrow('input 1 does not say what it spends')
  expect(wallet.requests).toEqual([])
})

test('all amounts beside a p2wpkh input must be proven, as its signature commits to none of them', async () => {
  const { random, signer, wallet, output } = await setup()
  const claimed = { script: output('p2wpkh').script, proof: 'witnessUtxo' } as const
  const transaction = spending(random, [claimed, output('p2wpkh', 'm/0/5'), output('p2tr')])
  for (const inputs of [undefined, [1], [1, 2], [0, 1]]) {
    const signed = signer.signTransaction(transaction, inputs === undefined ? {} : { inputs })
    await expect(signed).rejects.toThrow('input 0 must come with nonWitnessUtxo, beside one of p2wpkh')
  }
  expect(wallet.requests).toEqual([])
  // Its own amount it commits to, and taproot to all amounts.
  await signer.signTransaction(transaction, { inputs: [0] })
  await signer.signTransaction(transaction, { inputs: [2] })
  await signer.signTransaction(transaction, { trustWitnessUtxo: true })
  transaction.finalize()
  expectValid(transaction.extract(), [output('p2wpkh'), output('p2wpkh', 'm/0/5'), output('p2tr')])
})

test('two PSBTs that each show an own input as a stranger’s are not signed to one transaction with a huge fee', async () => {
  const { random, signer, wallet, output } = await setup()
  const owners = [output('p2wpkh'), output('p2wpkh', 'm/0/5')]
  const stranger = p2wpkh(secp256k1.getPublicKey(random(32)))
  const funded = owners.map(({ script }) => funding(random, script, 2_500_000n))
  for (const shown of [stranger, output('p2tr'), output('p2wpkh', 'm/0/5')]) {
    for (const [index, { script }] of owners.entries()) {
      const transaction = new Transaction()
      for (const [i, { id }] of funded.entries()) {
        const witnessUtxo = i === index ? { script, amount: 2_500_000n } : { script: shown.script, amount: 1_000n }
        transaction.addInput({ txid: id, index: 1, witnessUtxo })
      }
      transaction.addOutput({ script: stranger.script, amount: 2_500_000n })
      const psbt = transaction.toPSBT()
      for (const inputs of [[index], [0, 1]])
        await expect(signer.signPsbt(psbt, { inputs })).rejects.toThrow(RangeError)
    }
  }
  expect(wallet.requests).toEqual([])
})

test('a fee that cannot be meant is refused, unless it is', async () => {
  const { random, signer, wallet, output } = await setup()
  for (const type of ['p2wpkh', 'p2tr']) {
    const transaction = spending(random, [{ script: output(type).script, amount: 10_029_001n }])
    await expect(signer.signTransaction(transaction)).rejects.toThrow('the fee would be 10000001 satoshi')
    await expect(signer.signTransaction(transaction, { maxFee: 10_000_000n })).rejects.toThrow(RangeError)
    await expect(signer.signTransaction(transaction, { maxFee: 10_000_001 as never })).rejects.toThrow(TypeError)
    const poor = spending(random, [{ script: output(type).script, amount: 28_999n }])
    await expect(signer.signTransaction(poor)).rejects.toThrow('the outputs are more than the inputs')
    expect(wallet.requests).toEqual([])
    await signer.signTransaction(transaction, { maxFee: 10_000_001n })
    wallet.requests.length = 0
  }
})

test('amounts that no transaction has are refused', async () => {
  const { random, signer, wallet, output } = await setup()
  const { script } = output('p2tr')
  const all = 2_100_000_000_000_000n
  for (const [amount, outputs] of [
    [50_000n, []],
    [50_000n, [2n ** 63n - 1n, 2n ** 63n - 1n]],
    [all, [all, 1n]],
    [all + 1n, [all]],
    [2n ** 63n - 1n, [2n ** 63n - 1n]],
  ] as const) {
    const transaction = new Transaction()
    transaction.addInput({ txid: random(32), index: 0, witnessUtxo: { script, amount } })
    for (const output of outputs) transaction.addOutput({ script, amount: output })
    await expect(signer.signTransaction(transaction)).rejects.toThrow(RangeError)
  }
  expect(wallet.requests).toEqual([])
})

test('two inputs that spend the same output are refused', async () => {
  const { random, signer, wallet, output } = await setup()
  const transaction = spending(random, [output('p2tr'), output('p2wpkh')])
  const { txid, nonWitnessUtxo } = transaction.getInput(1)
  transaction.addInput({ txid: txid!, index: 1, nonWitnessUtxo: nonWitnessUtxo! })
  await expect(signer.signTransaction(transaction)).rejects.toThrow('input 1 and input 2 spend the same output')
  expect(wallet.requests).toEqual([])
})

test('options of the wrong nature are refused', async () => {
  const { random, signer, wallet, output } = await setup()
  const transaction = spending(random, [output('p2wpkh')])
  for (const options of [
    { inputs: null },
    { inputs: '0' },
    { inputs: new Set([0]) },
    { trustWitnessUtxo: 'false' },
    { trustWitnessUtxo: 1 },
    { maxFee: Infinity },
  ]) {
    await expect(signer.signTransaction(transaction, options as never)).rejects.toThrow(TypeError)
  }
  await expect(signer.signTransaction(transaction.toPSBT() as never)).rejects.toThrow(TypeError)
  await expect(signer.signTransaction(null as never)).rejects.toThrow(TypeError)
  expect(wallet.requests).toEqual([])
})

test('metadata of scripts that its outputs do not have is refused', async () => {
  const { random, signer, wallet, output } = await setup()
  const own = output('p2tr')
  const tree = p2tr(own.publicKey.subarray(1), { script: Uint8Array.of(0x20, ...own.signedBy, 0xac) })
  const { tapLeafScript, tapMerkleRoot } = tree
  for (const metadata of [{ tapLeafScript }, { tapMerkleRoot, tapInternalKey: own.publicKey.subarray(1) }]) {
    const honest = Transaction.fromPSBT(spending(random, [own]).toPSBT(), { disableScriptCheck: true })
    honest.updateInput(0, metadata)
    await expect(signer.signPsbt(honest.toPSBT())).rejects.toThrow(RangeError)
  }
  // Coins of the same key behind a tree of scripts are not its own.
  const behind = spending(random, [{ script: tree.script }])
  await expect(signer.signTransaction(behind)).rejects.toThrow('input 0 does not spend an output of this wallet')
  expect(wallet.requests).toEqual([])
})

test('a previous transaction with another id, or another output than claimed, proves nothing', async () => {
  const { random, signer, wallet, output } = await setup()
  const { script } = output('p2wpkh')
  const [honest, other] = [funding(random, script, 50_000n), funding(random, script, 90_000n)]
  for (const witnessUtxo of [undefined, { script, amount: 90_000n }]) {
    const transaction = new Transaction({ disableScriptCheck: true })
    transaction.addInput({ txid: honest.id, index: 1, ...(witnessUtxo === undefined ? {} : { witnessUtxo }) })
    transaction.addOutput({ script, amount: 1_000n })
    expect(() => transaction.updateInput(0, { nonWitnessUtxo: other.toBytes() })).toThrow()
  }
  const psbt = forgedPsbt(honest, other)
  await expect(signer.signPsbt(psbt)).rejects.toThrow('not a PSBT')
  expect(wallet.requests).toEqual([])
})

/** A PSBT whose input names one transaction and carries another of the same length. */
function forgedPsbt(honest: Transaction, other: Transaction): Uint8Array {
  const transaction = new Transaction()
  transaction.addInput({ txid: honest.id, index: 1, nonWitnessUtxo: honest.toBytes() })
  transaction.addOutput({ script: honest.getOutput(1).script!, amount: 1_000n })
  const [from, to] = [toHex(honest.toBytes()), toHex(other.toBytes())]
  const psbt = toHex(transaction.toPSBT())
  expect(psbt.split(from).length).toBe(2)
  return fromHex(psbt.replace(from, to))
}

test('what is not a PSBT', async () => {
  const { signer } = await setup()
  await expect(signer.signPsbt(null as never)).rejects.toThrow(TypeError)
  await expect(signer.signPsbt(new Uint8Array(10))).rejects.toThrow('not a PSBT')
})

test('a failure or the caller’s signal leaves the transaction as it was', async () => {
  let left = 1
  const failing = await setup((wallet) => ({
    signTaproot: (request) => (left-- > 0 ? wallet.signTaproot(request) : Promise.reject(new Error('offline'))),
  }))
  const transaction = spending(failing.random, [failing.output('p2tr'), failing.output('p2tr', 'm/0/5')])
  await expect(failing.signer.signTransaction(transaction)).rejects.toThrow('offline')
  expect([0, 1].map((index) => transaction.getInput(index).tapKeySig)).toEqual([undefined, undefined])
  const { random, signer, output } = await setup()
  const signal = AbortSignal.abort(new Error('enough'))
  for (const type of ['p2wpkh', 'p2tr']) {
    const psbt = spending(random, [output(type)]).toPSBT()
    await expect(signer.signPsbt(psbt, { signal })).rejects.toThrow('enough')
  }
})

test('a signature by another key does not leave the signer', async () => {
  const expectRefused = async (signer: BitcoinSigner, transaction: Transaction): Promise<void> => {
    await expect(signer.signTransaction(transaction)).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED' })
    const { tapKeySig, partialSig } = transaction.getInput(0)
    expect([tapKeySig, partialSig]).toEqual([undefined, undefined])
  }
  const { random, signer, output } = await setup((wallet) => ({
    signEcdsa: ({ digest }) => wallet.signEcdsa({ digest, path: 'm/7' }),
    signTaproot: ({ message }) => wallet.signTaproot({ message, path: 'm/7' }),
  }))
  for (const type of ['p2wpkh', 'p2tr']) await expectRefused(signer, spending(random, [output(type)]))
  const untweaked = await setup((wallet) => ({
    signTaproot: async ({ message }) => schnorr.sign(message, wallet.privateKey()),
  }))
  await expectRefused(untweaked.signer, spending(untweaked.random, [untweaked.output('p2tr')]))
})
