import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { p2pkh, p2tr, p2wpkh, RawTx, SigHash, Transaction } from '@scure/btc-signer'
import { expect, test } from 'vitest'
import { createBitcoinSigner, type BitcoinSigner } from '../../../src/adapters/bitcoin/signer.ts'
import type { OwnedOutput } from '../../../src/adapters/bitcoin/address.ts'
import { fromHex, toHex } from '../../../src/util/bytes.ts'
import { segwitDigest, taprootDigest, type SpendingTransaction } from '../../support/bitcoin-sighash.ts'
import { fakeWallet, type FakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom, type SeededRandom } from '../../support/random.ts'

const PATHS = ['m', 'm/0/5'] as const

async function setup(keys: (wallet: FakeWallet) => Partial<FakeWallet> = () => ({})) {
  const random = seededRandom()
  const wallet = fakeWallet(random)
  const signer = await createBitcoinSigner({ ...wallet, ...keys(wallet) }, { paths: PATHS, network: 'regtest' })
  const output = (type: string, path: string = 'm'): OwnedOutput =>
    signer.outputs.find((candidate) => candidate.type === type && candidate.path === path)!
  return { random, wallet, signer, output }
}

/** A confirmed transaction that pays to a script. */
function funding(random: SeededRandom, script: Uint8Array, amount: bigint): Transaction {
  const transaction = new Transaction()
  const payer = p2wpkh(secp256k1.getPublicKey(random(32)))
  transaction.addInput({ txid: random(32), index: 0, witnessUtxo: { script: payer.script, amount } })
  transaction.addOutput({ script: payer.script, amount: 1n })
  transaction.addOutput({ script, amount })
  return transaction
}

interface Coin {
  readonly script: Uint8Array
  readonly amount?: bigint
  readonly sighashType?: number
  readonly proof?: 'nonWitnessUtxo' | 'witnessUtxo' | 'none'
}

/** A transaction that spends one output of 50,000 for each coin. */
function spending(random: SeededRandom, coins: readonly Coin[]): Transaction {
  const transaction = new Transaction({ lockTime: 3 })
  for (const { script, amount = 50_000n, sighashType, proof = 'nonWitnessUtxo' } of coins) {
    const previous = funding(random, script, amount)
    transaction.addInput({
      txid: previous.id,
      index: 1,
      sequence: random.int(0, 0xfffffffe),
      ...(proof === 'none' ? {} : { witnessUtxo: { script, amount } }),
      ...(proof === 'nonWitnessUtxo' ? { nonWitnessUtxo: previous.toBytes() } : {}),
      ...(sighashType === undefined ? {} : { sighashType }),
    })
  }
  const recipient = p2wpkh(secp256k1.getPublicKey(random(32)))
  transaction.addOutput({ script: recipient.script, amount: 20_000n })
  transaction.addOutput({ script: coins[0]!.script, amount: 9_000n })
  return transaction
}

/** Checks a finalized transaction as the chain would: from its bytes and what it spends. */
function expectValid(raw: Uint8Array, spent: readonly OwnedOutput[]): void {
  const { version, lockTime, inputs, outputs, witnesses } = RawTx.decode(raw)
  const transaction: SpendingTransaction = {
    version,
    lockTime,
    outputs,
    inputs: inputs.map((input, i) => ({
      ...input,
      txid: input.txid.slice().reverse(),
      amount: 50_000n,
      script: spent[i]!.script,
    })),
  }
  spent.forEach((owner, i) => {
    const [signature, publicKey] = witnesses![i]!
    if (owner.type === 'p2tr') {
      const sighashType = signature!.length === 65 ? 1 : 0
      const digest = taprootDigest(transaction, i, sighashType)
      expect(signature!.subarray(64)).toEqual(Uint8Array.from(sighashType === 0 ? [] : [1]))
      expect(schnorr.verify(signature!.subarray(0, 64), digest, owner.script.subarray(2))).toBe(true)
      return
    }
    expect(signature!.at(-1)).toBe(SigHash.ALL)
    expect(p2wpkh(publicKey!).script).toEqual(owner.script)
    const options = { prehash: false, lowS: true, format: 'der' } as const
    const digest = segwitDigest(transaction, i)
    expect(secp256k1.verify(signature!.subarray(0, -1), digest, publicKey!, options)).toBe(true)
  })
}

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
  await expect(signer.signPsbt('cHNidP8=' as never)).rejects.toThrow(TypeError)
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
