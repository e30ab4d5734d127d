import { Transaction } from '@scure/btc-signer'
import { expect, test } from 'vitest'
import { createBitcoinSigner } from '../../../src/adapters/bitcoin/signer.ts'
import { concatBytes, fromHex, toBase64, toHex, utf8 } from '../../../src/util/bytes.ts'
import { setup } from './example-signer.ts'
import { spending } from './transactions.ts'

test('a PSBT comes back in the encoding in which it was given', async () => {
  const { random, signer, output } = await setup()
  const unsigned = spending(random, [output('p2wpkh')]).toPSBT()
  const signed = await signer.signPsbt(unsigned)
  expect(await signer.signPsbt(toBase64(unsigned))).toBe(toBase64(signed))
  expect(await signer.signPsbt(toHex(unsigned))).toBe(toHex(signed))
  expect(await signer.signPsbt(toHex(unsigned).toUpperCase())).toBe(toHex(signed))
})

test('a PSBT of version 2 stays one', async () => {
  const { random, signer, output } = await setup()
  const unsigned = spending(random, [output('p2wpkh'), output('p2tr')]).toPSBT(2)
  const signed = Transaction.fromPSBT(await signer.signPsbt(unsigned))
  expect(signed.opts.PSBTVersion).toBe(2)
  signed.finalize()
  expect(signed.isFinal).toBe(true)
})

test('text that is no PSBT, or is one in two ways, is refused before anything is signed', async () => {
  const { random, signer, wallet, output } = await setup()
  const psbt = spending(random, [output('p2wpkh')]).toPSBT()
  const [hex, base64] = [toHex(psbt), toBase64(psbt)]
  for (const text of [
    '',
    'cHNidP8=',
    '70736274ff',
    hex.slice(1),
    hex.slice(0, -1),
    ` ${hex}`,
    `${hex}\n`,
    `0x${hex}`,
    // Hex is base64 too, of other bytes, and base64 may be of hex.
    toBase64(utf8(hex)),
    toHex(utf8(base64)),
    hex.slice(0, 10) + base64,
    base64.slice(0, 8) + hex,
    base64.toLowerCase(),
    base64.replaceAll('=', ''),
    `${base64}\n`,
    `${base64.slice(0, 76)}\n${base64.slice(76)}`,
    base64.replace(/\//, '_').replace(/\+/, '-').replace(/A/, '-'),
    // The same magic, cut where base64 and hex have no common border.
    'cHNidP9',
    'cHNidP',
    '70736274FG'.repeat(20),
  ]) {
    await expect(signer.signPsbt(text)).rejects.toThrow(RangeError)
  }
  for (const value of [
    null,
    undefined,
    1,
    [112, 115, 98, 116, 255],
    new ArrayBuffer(8),
    { length: 5 },
    new String(hex),
  ]) {
    await expect(signer.signPsbt(value as never)).rejects.toThrow(TypeError)
  }
  expect(wallet.requests).toEqual([])
})

test('a PSBT that is too long is refused before it is read', async () => {
  const { signer } = await setup()
  const long = new Uint8Array(2 ** 23 + 1)
  long.set(utf8('psbt\xff').subarray(0, 4))
  await expect(signer.signPsbt(long)).rejects.toThrow('the PSBT is too long')
  await expect(signer.signPsbt(`70736274ff${'00'.repeat(2 ** 23)}`)).rejects.toThrow('the PSBT is too long')
  await expect(signer.signPsbt(`cHNidP8B${'A'.repeat(2 ** 24)}`)).rejects.toThrow('the PSBT is too long')
  await expect(signer.signPsbt(`cHNidP8B${'AAAA'.repeat(2 ** 22 - 2)}`)).rejects.toThrow('the PSBT is too long')
})

/** A PSBT whose unsigned transaction is these bytes. */
const psbtOf = (unsigned: string): Uint8Array =>
  concatBytes(fromHex('70736274ff0100'), Uint8Array.of(unsigned.length / 2), fromHex(unsigned), new Uint8Array(8))

test.each([
  ['counts 2^64 - 1 inputs', '02000000ffffffffffffffffff00000000'],
  ['counts 2^32 - 1 inputs', '02000000feffffffff00000000'],
  ['counts 2^32 - 1 outputs', '0200000000feffffffff00000000'],
  ['has a script of 2^32 - 1 bytes', `0200000001${'00'.repeat(36)}feffffffff00000000`],
  ['counts in a longer form than needed', `02000000fd0000fd000000000000`],
  ['is cut off', '0200'],
])('a transaction that %s is refused at once', async (_, unsigned) => {
  const { signer, wallet } = await setup()
  const start = performance.now()
  await expect(signer.signPsbt(psbtOf(unsigned))).rejects.toThrow(RangeError)
  expect(performance.now() - start).toBeLessThan(2_000)
  expect(wallet.requests).toEqual([])
})

test('rows that come twice, and maps that are missing, are refused', async () => {
  const { random, signer, wallet, output } = await setup()
  const psbt = spending(random, [output('p2wpkh')]).toPSBT()
  // The first row is the unsigned transaction, `01 00 length …`.
  const row = psbt.subarray(5, 8 + psbt[7]!)
  for (const bytes of [
    concatBytes(psbt.subarray(0, 5), row, psbt.subarray(5)),
    psbt.subarray(0, -1),
    concatBytes(psbt.subarray(0, 5), psbt.subarray(5 + row.length)),
  ]) {
    await expect(signer.signPsbt(bytes)).rejects.toThrow('not a PSBT')
  }
  expect(wallet.requests).toEqual([])
})

test('P2PKH needs its previous transaction always, nested P2WPKH unless amounts are trusted', async () => {
  const { random, wallet } = await setup()
  const signer = await createBitcoinSigner(wallet, { types: ['p2pkh', 'p2sh-p2wpkh'], network: 'regtest' })
  const [legacy, nested] = signer.outputs
  for (const { script, type } of [legacy!, nested!]) {
    const transaction = spending(random, [{ script, proof: 'witnessUtxo' }])
    const message = `input 0 must come with nonWitnessUtxo, as one of ${type}`
    await expect(signer.signTransaction(transaction)).rejects.toThrow(message)
    if (type === 'p2pkh') {
      await expect(signer.signTransaction(transaction, { trustWitnessUtxo: true })).rejects.toThrow(message)
    }
  }
  const beside = spending(random, [legacy!, { script: nested!.script, proof: 'witnessUtxo' }])
  await expect(signer.signTransaction(beside, { inputs: [0] })).rejects.toThrow(
    'input 1 must come with nonWitnessUtxo, beside one of p2pkh',
  )
  expect(wallet.requests).toEqual([])
  await signer.signTransaction(spending(random, [{ script: nested!.script, proof: 'witnessUtxo' }]), {
    trustWitnessUtxo: true,
  })
  expect(wallet.requests.length).toBe(1)
})

test('a previous transaction with another id, or another amount than it says, is refused', async () => {
  const { random, wallet } = await setup()
  const signer = await createBitcoinSigner(wallet, { types: ['p2pkh'], network: 'regtest' })
  const { script } = signer.outputs[0]!
  const psbt = spending(random, [{ script }]).toPSBT()
  // The amount of 50,000 is in the previous transaction and in `witnessUtxo`.
  const places = [...psbt.keys()].filter((at) => psbt[at] === 0x50 && psbt[at + 1] === 0xc3 && psbt[at + 2] === 0)
  expect(places.length).toBe(2)
  for (const place of places) await expect(signer.signPsbt(psbt.with(place, 0x51))).rejects.toThrow('not a PSBT')
  expect(wallet.requests).toEqual([])
})

test('a permission of sighash types that there are not is a TypeError', async () => {
  const { random, signer, output } = await setup()
  const transaction = spending(random, [output('p2wpkh')])
  for (const sighashTypes of [[0], [1], [4], [0x80], [0x84], ['2'], 3, null, [2, 256]]) {
    await expect(signer.signTransaction(transaction, { sighashTypes: sighashTypes as never })).rejects.toThrow(
      TypeError,
    )
  }
})

test('SINGLE without its output is refused, with permission too', async () => {
  const { random, signer, wallet, output } = await setup()
  for (const sighashType of [3, 0x83]) {
    const coins = [output('p2tr'), output('p2tr'), { script: output('p2wpkh').script, sighashType }]
    const transaction = spending(random, coins)
    const signed = signer.signTransaction(transaction, { sighashTypes: [sighashType] })
    await expect(signed).rejects.toThrow('input 2 asks for a signature of output 2, which does not exist')
  }
  expect(wallet.requests).toEqual([])
})

test('with ANYONECANPAY the outputs may be more than the inputs, and else not', async () => {
  const { random, signer, wallet, output } = await setup()
  for (const [sighashType, isSigned] of [
    [0x83, true],
    [0x81, true],
    [3, false],
    [2, false],
  ] as const) {
    const before = wallet.requests.length
    const transaction = spending(random, [{ script: output('p2wpkh').script, amount: 1_000n, sighashType }])
    const signed = signer.signTransaction(transaction, { sighashTypes: [sighashType] })
    if (isSigned) await signed
    else await expect(signed).rejects.toThrow('the outputs are more than the inputs')
    expect(wallet.requests.length - before).toBe(isSigned ? 1 : 0)
  }
})

test('a transaction that is a signed message is refused', async () => {
  const { random, signer, wallet, output } = await setup()
  const transaction = new Transaction({ version: 0, allowUnknownVersion: true, allowUnknownOutputs: true })
  const { script } = output('p2wpkh')
  transaction.addInput({ txid: random(32), index: 0, sequence: 0, witnessUtxo: { script, amount: 0n } })
  transaction.addOutput({ script: Uint8Array.of(0x6a), amount: 0n })
  await expect(signer.signTransaction(transaction)).rejects.toThrow('is a signed message')
  expect(wallet.requests).toEqual([])
})
