import { p2pkh, p2sh, p2tr, p2wpkh, p2wsh, Script, Transaction } from '@scure/btc-signer'
import { expect, test } from 'vitest'
import { bitcoinIntents, type BitcoinIntent } from '../../../src/policy/bitcoin/index.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'
import { funding } from '../../adapters/bitcoin/transactions.ts'

const random = seededRandom('attacks')
const publicKey = await fakeWallet(seededRandom('a key')).getPublicKey('secp256k1')
const other = await fakeWallet(seededRandom('another key')).getPublicKey('secp256k1')
const own = {
  wpkh: p2wpkh(publicKey).script,
  tr: p2tr(publicKey.subarray(1)).script,
  nested: p2sh(p2wpkh(publicKey)).script,
  pkh: p2pkh(publicKey).script,
}
const theirs = p2wpkh(other).script

interface Coin {
  readonly script: Uint8Array
  readonly amount?: bigint
  readonly isProven?: boolean
  readonly sighashType?: number
  readonly sequence?: number
}

/** A transaction that spends coins of 50,000, and pays 40,000 to somebody and 9,000 to the key. */
function spending(coins: readonly Coin[], change = own.wpkh): Transaction {
  const transaction = new Transaction({ allowUnknownOutputs: true, allowUnknownInputs: true, disableScriptCheck: true })
  for (const { script, amount = 50_000n, isProven = true, ...more } of coins) {
    const previous = funding(random, script, 50_000n)
    const proof = isProven ? { nonWitnessUtxo: previous.toBytes() } : { witnessUtxo: { script, amount } }
    transaction.addInput({ txid: previous.id, index: 1, ...proof, ...more })
  }
  transaction.addOutput({ script: theirs, amount: 40_000n })
  transaction.addOutput({ script: change, amount: 9_000n })
  return transaction
}

const asked = { scheme: 'ecdsa', message: new Uint8Array(32), publicKey } as const
const decode = (data: Uint8Array, input = 0) =>
  bitcoinIntents().decode(
    { kind: 'bitcoinTransaction', data, input },
    { scheme: 'ecdsa', message: new Uint8Array(32), publicKey },
  )
const read = (transaction: Transaction, input = 0) => decode(transaction.toPSBT(), input).intent as BitcoinIntent

test.each([
  ['p2wpkh', own.wpkh, 'ecdsa'],
  ['p2tr', own.tr, 'bip340'],
  ['p2sh-p2wpkh', own.nested, 'ecdsa'],
  ['p2pkh', own.pkh, 'ecdsa'],
] as const)('an input of %s is read, with its change', (type, script, scheme) => {
  const transaction = spending([{ script, sequence: 0xfffffffd }])
  expect(decode(transaction.toPSBT())).toMatchObject({ scheme })
  const intent = read(transaction)
  expect(intent).toMatchObject({ type, fee: 1_000n, version: 2, lockTime: 0, input: 0 })
  expect(intent.inputs).toMatchObject([{ amount: 50_000n, isOwn: true, sequence: 0xfffffffd }])
  expect(intent.outputs.map(({ amount, isOwn }) => [amount, isOwn])).toEqual([
    [40_000n, false],
    [9_000n, true],
  ])
})

test('addresses are those of the network', () => {
  const asked = { scheme: 'ecdsa', message: new Uint8Array(32), publicKey } as const
  const intent = { kind: 'bitcoinTransaction', data: spending([{ script: own.wpkh }]).toPSBT(), input: 0 } as const
  for (const [network, prefix] of [
    ['mainnet', 'bc1q'],
    ['testnet', 'tb1q'],
    ['regtest', 'bcrt1q'],
  ] as const) {
    const [output] = (bitcoinIntents({ network }).decode(intent, asked).intent as BitcoinIntent).outputs
    expect(output?.address?.startsWith(prefix)).toBe(true)
  }
  expect(() => bitcoinIntents({ network: 'doge' as never })).toThrow(TypeError)
})

test('data has no address, and change to a stranger is no own output', () => {
  const transaction = spending([{ script: own.wpkh }], theirs)
  transaction.addOutput({ script: Script.encode(['RETURN', new Uint8Array(8)]), amount: 0n })
  expect(read(transaction).outputs.map(({ address, isOwn }) => [address === null, isOwn])).toEqual([
    [false, false],
    [false, false],
    [true, false],
  ])
})

test('a fee is shown only if every amount is proven', () => {
  const lie = { script: theirs, isProven: false, amount: 1_000n }
  expect(read(spending([{ script: own.wpkh }, lie]))).toMatchObject({
    fee: null,
    inputs: [{ amount: 50_000n }, { amount: null, script: null, address: null }],
  })
  // Of its own input, a signature of BIP 143 covers the amount; one of BIP 341 covers those of all.
  expect(read(spending([{ script: own.wpkh, isProven: false }]))).toMatchObject({ fee: 1_000n })
  expect(read(spending([{ script: own.tr, isProven: false }, lie]))).toMatchObject({ fee: 2_000n })
})

test('an input of P2PKH proves no amount, and one of nested P2WPKH only its own', () => {
  const lie = { script: theirs, isProven: false, amount: 1_000n }
  expect(read(spending([{ script: own.pkh }, lie]))).toMatchObject({
    fee: null,
    inputs: [{ amount: 50_000n }, { amount: null }],
  })
  expect(read(spending([{ script: own.nested, isProven: false }, lie]))).toMatchObject({ fee: null })
  expect(read(spending([{ script: own.nested, isProven: false }]))).toMatchObject({ fee: 1_000n })
  // P2PKH: a false amount beside the previous transaction is found out, since that has the amount.
  expect(read(spending([{ script: own.pkh }, { script: own.pkh }]))).toMatchObject({ fee: 51_000n })
})

test('with a sighash type that is decoded by permission, what it does not cover is not shown', () => {
  const decoder = bitcoinIntents({ sighashTypes: [2, 3, 0x81, 0x82, 0x83] })
  for (const script of [own.wpkh, own.tr, own.nested, own.pkh]) {
    const shown = [2, 3, 0x81, 0x82, 0x83].map((sighashType) => {
      const data = spending([{ script: theirs }, { script, sighashType }]).toPSBT()
      const { intent } = decoder.decode({ kind: 'bitcoinTransaction', data, input: 1 }, asked)
      if (intent.kind !== 'bitcoinTransaction') throw new Error('not a transaction')
      expect(intent.sighashType).toBe(sighashType)
      return [intent.inputs.length, intent.outputs.map(({ amount }) => amount), intent.fee]
    })
    expect(shown).toEqual([
      [2, [], null],
      [2, [9_000n], null],
      [1, [40_000n, 9_000n], null],
      [1, [], null],
      [1, [9_000n], null],
    ])
  }
})

test('SINGLE without its output is refused, with permission too', () => {
  const decoder = bitcoinIntents({ sighashTypes: [3, 0x83] })
  for (const script of [own.wpkh, own.tr, own.nested, own.pkh]) {
    for (const sighashType of [3, 0x83]) {
      const coins = [{ script: theirs }, { script: theirs }, { script, sighashType }]
      const data = spending(coins).toPSBT()
      const decoded = () => decoder.decode({ kind: 'bitcoinTransaction', data, input: 2 }, asked)
      expect(decoded).toThrow('input 2 asks for a signature of output 2, which does not exist')
    }
  }
})

test('the sighash types that are decoded by permission are those that there are', () => {
  for (const sighashTypes of [[0], [1], [4], [0x80], ['2'], 3, null]) {
    expect(() => bitcoinIntents({ sighashTypes: sighashTypes as never })).toThrow(TypeError)
  }
})

test('an amount that is not that of the coin gives another digest', () => {
  const transaction = spending([{ script: own.wpkh, isProven: false }])
  const digest = decode(transaction.toPSBT()).message
  transaction.updateInput(0, { witnessUtxo: { script: own.wpkh, amount: 50_001n } }, true)
  expect(decode(transaction.toPSBT()).message).not.toEqual(digest)
})

/** A PSBT whose input says another amount than its previous transaction. */
function contradicting(): Uint8Array {
  const transaction = spending([{ script: own.wpkh }])
  transaction.updateInput(0, { witnessUtxo: { script: own.wpkh, amount: 50_000n } }, true)
  const psbt = transaction.toPSBT()
  const places = [...psbt.keys()].filter((at) => psbt[at] === 0x50 && psbt[at + 1] === 0xc3)
  expect(places.length).toBe(2)
  return psbt.with(places[1]!, 0x51)
}

/** A transaction that signs a message (BIP 322), as an input of a PSBT. */
function message(script: Uint8Array, ...funds: readonly Coin[]): Uint8Array {
  const transaction = new Transaction({ version: 0, allowUnknownVersion: true, allowUnknownOutputs: true })
  transaction.addInput({ txid: random(32), index: 0, sequence: 0, witnessUtxo: { script, amount: 0n } })
  for (const coin of funds) {
    const previous = funding(random, coin.script, 50_000n)
    transaction.addInput({ txid: previous.id, index: 1, nonWitnessUtxo: previous.toBytes() })
  }
  transaction.addOutput({ script: Uint8Array.of(0x6a), amount: 0n })
  return transaction.toPSBT()
}

const twice = (): Transaction => {
  const transaction = spending([{ script: own.wpkh }])
  transaction.addInput(transaction.getInput(0))
  return transaction
}
const wrongId = (): Uint8Array => {
  const psbt = spending([{ script: own.wpkh }]).toPSBT()
  // The first byte of the outpoint's id, in the unsigned transaction.
  const at = 5 + 3 + 4 + 1
  return psbt.with(at, psbt[at]! ^ 1)
}

test.each<[string, Uint8Array, number]>([
  ['is no PSBT', new Uint8Array(40), 0],
  ['is nothing', new Uint8Array(0), 0],
  [
    'is cut off',
    spending([{ script: own.wpkh }])
      .toPSBT()
      .subarray(0, -1),
    0,
  ],
  ['has bytes left over', Uint8Array.from([...spending([{ script: own.wpkh }]).toPSBT(), 7]), 0],
  ['contradicts its previous transaction', contradicting(), 0],
  ['has no such input', spending([{ script: own.wpkh }]).toPSBT(), 1],
  ['spends by a script', spending([{ script: p2wsh(p2pkh(publicKey)).script }]).toPSBT(), 0],
  ['spends by the nested script of another key', spending([{ script: p2sh(p2wpkh(other)).script }]).toPSBT(), 0],
  ['spends P2PKH without its previous transaction', spending([{ script: own.pkh, isProven: false }]).toPSBT(), 0],
  ['signs a message', message(own.wpkh), 0],
  ['signs a message by Taproot, with a proof of funds', message(own.tr, { script: own.tr }), 0],
  ['spends an output twice', twice().toPSBT(), 0],
  ['has a previous transaction of another id', wrongId(), 0],
  ['spends less than it pays', spending([{ script: own.wpkh, isProven: false, amount: 48_999n }]).toPSBT(), 0],
  ...[0, 2, 3, 0x81, 0x82, 0x83].map((sighashType): [string, Uint8Array, number] => [
    `asks for sighash type ${sighashType}`,
    spending([{ script: own.wpkh, sighashType }]).toPSBT(),
    0,
  ]),
  ...[2, 3, 0x81].map((sighashType): [string, Uint8Array, number] => [
    `asks for sighash type ${sighashType} of BIP 341`,
    spending([{ script: own.tr, sighashType }]).toPSBT(),
    0,
  ]),
])('a transaction that %s is refused', (_, psbt, input) => {
  expect(() => decode(psbt, input)).toThrow(RangeError)
})

test('intents of other chains are none of Bitcoin', () => {
  const asked = { scheme: 'ecdsa', message: new Uint8Array(32), publicKey } as const
  expect(() => bitcoinIntents().decode({ kind: 'solanaMessage' }, asked)).toThrow(RangeError)
})

test('a PSBT that is read again is the same, and one that was changed in its place is not', () => {
  const decoder = bitcoinIntents()
  const data = spending([{ script: own.wpkh }, { script: own.tr }]).toPSBT()
  const signature = { scheme: 'ecdsa', message: new Uint8Array(32), publicKey } as const
  const intent = (input: number) => ({ kind: 'bitcoinTransaction', data, input }) as const
  const both = () => [0, 1].map((input) => decoder.decode(intent(input), signature))
  const first = both()
  expect(first).toEqual([0, 1].map((input) => bitcoinIntents().decode(intent(input), signature)))
  const other = spending([{ script: own.wpkh }, { script: own.tr }]).toPSBT()
  expect(other.length).toBe(data.length)
  data.set(other)
  const changed = both()
  expect(changed).toEqual([0, 1].map((input) => bitcoinIntents().decode(intent(input), signature)))
  expect(changed[0]!.message).not.toEqual(first[0]!.message)
})
