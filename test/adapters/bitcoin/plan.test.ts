import { Transaction } from '@scure/btc-signer'
import { expect, test } from 'vitest'
import { planInputs } from '../../../src/adapters/bitcoin/plan.ts'
import { fromHex, toHex } from '../../../src/util/bytes.ts'

/** A published unsigned transaction with what it spends; of the owner only type and script matter here. */
function planVector(raw: string, spent: readonly (readonly [amount: bigint, script: string])[], ...inputs: number[]) {
  const transaction = Transaction.fromRaw(fromHex(raw), { allowUnknownOutputs: true, disableScriptCheck: true })
  spent.forEach(([amount, script], index) => {
    transaction.updateInput(index, { witnessUtxo: { amount, script: fromHex(script) } })
  })
  const witness = spent.filter(([, script]) => /^(0014|5120)/.test(script))
  const owned = witness.map(([, script]) => ({
    type: script.startsWith('5120') ? ('p2tr' as const) : ('p2wpkh' as const),
    script: fromHex(script),
    address: '',
    path: 'm',
    publicKey: new Uint8Array(33),
    signedBy: new Uint8Array(33),
  }))
  return { transaction, plan: (sighashType?: number) => planned(sighashType) }

  function planned(sighashType?: number): string[] {
    for (const index of inputs) transaction.updateInput(index, sighashType === undefined ? {} : { sighashType })
    return planInputs(transaction, owned, { inputs, trustWitnessUtxo: true, maxFee: 10n ** 9n }).map(({ digest }) =>
      toHex(digest),
    )
  }
}

// BIP 143, "Native P2WPKH": the second input.
test('the signature hash of BIP 143', () => {
  const { plan } = planVector(
    '0100000002fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f0000000000eeffffff' +
      'ef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff' +
      '02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac' +
      '9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac11000000',
    [
      [625_000_000n, '2103c9f4836b9a4f77fc0d81f7bcb01b7f1b35916864b9476c241ce9fc198bd25432ac'],
      [600_000_000n, '00141d0f172a0ecb48aee1be1f2687d2963ae33f71a1'],
    ],
    1,
  )
  expect(plan()).toEqual(['c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670'])
})

// BIP 341, wallet-test-vectors.json, keyPathSpending: input 3 is signed with SIGHASH_ALL, input 4 with SIGHASH_DEFAULT.
const BIP_341_TRANSACTION =
  '02000000097de20cbff686da83a54981d2b9bab3586f4ca7e48f57f5b55963115f3b334e9c0100000000' +
  '00000000d7b7cab57b1393ace2d064f4d4a2cb8af6def61273e127517d44759b6dafdd9900000000' +
  '00fffffffff8e1f583384333689228c5d28eac13366be082dc57441760d957275419a41842000000' +
  '0000fffffffff0689180aa63b30cb162a73c6d2a38b7eeda2a83ece74310fda0843ad604853b0100' +
  '000000feffffffaa5202bdf6d8ccd2ee0f0202afbbb7461d9264a25e5bfd3c5a52ee1239e0ba6c00' +
  '00000000feffffff956149bdc66faa968eb2be2d2faa29718acbfe3941215893a2a3446d32acd050' +
  '000000000000000000e664b9773b88c09c32cb70a2a3e4da0ced63b7ba3b22f848531bbb1d5d5f4c' +
  '94010000000000000000e9aa6b8e6c9de67619e6a3924ae25696bb7b694bb677a632a74ef7eadfd4' +
  'eabf0000000000ffffffffa778eb6a263dc090464cd125c466b5a99667720b1c110468831d058aa1' +
  'b82af10100000000ffffffff0200ca9a3b000000001976a91406afd46bcdfd22ef94ac122aa11f24' +
  '1244a37ecc88ac807840cb0000000020ac9a87f5594be208f8532db38cff670c450ed2fea8fcdefc' +
  'c9a663f78bab962b0065cd1d'
const BIP_341_SPENT = [
  [420_000_000n, '512053a1f6e454df1aa2776a2814a721372d6258050de330b3c6d10ee8f4e0dda343'],
  [462_000_000n, '5120147c9c57132f6e7ecddba9800bb0c4449251c92a1e60371ee77557b6620f3ea3'],
  [294_000_000n, '76a914751e76e8199196d454941c45d1b3a323f1433bd688ac'],
  [504_000_000n, '5120e4d810fd50586274face62b8a807eb9719cef49c04177cc6b76a9a4251d5450e'],
  [630_000_000n, '512091b64d5324723a985170e4dc5a0f84c041804f2cd12660fa5dec09fc21783605'],
  [378_000_000n, '00147dd65592d0ab2fe0d0257d571abf032cd9db93dc'],
  [672_000_000n, '512075169f4001aa68f15bbed28b218df1d0a62cbbcf1188c6665110c293c907b831'],
  [546_000_000n, '5120712447206d7a5238acc7ff53fbe94a3b64539ad291c7cdbc490b7577e4b17df5'],
  [588_000_000n, '512077e30a5522dd9f894c3f8b8bd4c4b2cf82ca7da8a3ea6a239655c39c050ab220'],
] as const

test.each([
  [3, 1, 'bf013ea93474aa67815b1b6cc441d23b64fa310911d991e713cd34c7f5d46669'],
  [4, 0, '4f900a0bae3f1446fd48490c2958b5a023228f01661cda3496a11da502a7f7ef'],
  [4, undefined, '4f900a0bae3f1446fd48490c2958b5a023228f01661cda3496a11da502a7f7ef'],
])('the signature hash of BIP 341 for input %i with sighash type %s', (index, sighashType, digest) => {
  const { plan } = planVector(BIP_341_TRANSACTION, BIP_341_SPENT, index)
  expect(plan(sighashType)).toEqual([digest])
})
