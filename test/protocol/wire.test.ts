import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import type { Curve } from '../../src/types.ts'
import { toHex } from '../../src/util/bytes.ts'
import { exampleRun } from '../support/example.ts'
import { groups } from '../support/groups.ts'

/** The first half of the SHA-256 of every message and record of the run that docs/wire.md shows. */
const PINNED: Record<Curve, Record<string, string>> = {
  secp256k1: {
    'keygen-1-client': '9d84e3a3c00aa309978d26fcce39d060',
    'keygen-1-server': '3a9328a114bf457fcb17fd2e4e0c2c56',
    'keygen-2-server': 'f45933e34e27fcef6d11301c5ec30391',
    'keygen-2-direct-server': 'eb049ff3ad8906c80695fd7c2a63c788',
    'keygen-2-client': 'c99e811d3cf3b9b52015978b4f7873bc',
    'keygen-2-direct-client': 'b4f08c1c452c5dbb8e946a04a2934db0',
    'keygen-3-client': 'a72e17bc22fa89605c15095d4e9996d6',
    'keygen-3-server': 'a7f623c7a809d0b7cf3262a237ebbe7c',
    'reshare-1-client': 'c7ed09d1328373e9ecc9ae95c884db9c',
    'reshare-1-server': '75a01fc7a1658af17f8da5b1523c56c5',
    'reshare-2-server': '10ddb44b0cadccb2c4b1081f5abb53f0',
    'reshare-2-client': '7f6c1d0b3b4d7d5c4da50699cb9f7ee5',
    'reshare-3-direct-client': 'dd2a169e8bb33298585b87d6a3f60200',
    'reshare-3-direct-server': '2a31462ebd37568002126499ad230269',
    'reshare-4-server': '5c6063f4d641196282b2487ed82cefad',
    'reshare-4-client': 'fd6431b5797fd7047cad4847371ad682',
    possession: '7ce0e06267424906d04b5a5c5b450a92',
    'export-proof': '7c6a16c18b31cfd4f9240362a4212823',
    'export-share': '648288dc4aeee7f1ee9336e5d41d6c70',
    record: '9f56c6089849d7f9a8f9ca178141445f',
    'key-share': '65cf5710b2e15164ef542312538bc6c4',
    'wallet-shares': 'f5d864232b0c272dbf215dec0cb0e21f',
    'wallet-set-record': '01f0378ca3b4054803f94e653ea9d0f8',
    'wallet-set-id': '6f493a035c40ea5ddf23260e1fc782ad',
    flight: 'c9755f73ba0460cf0e6dbb409470422f',
  },
  ed25519: {
    'keygen-1-client': '73ad53d5c35cf88755c116c29593dcdd',
    'keygen-1-server': '37051a1f49ce83556ca8e19af391d8b4',
    'keygen-2-server': '85da62ba8103f9f1825b761306c6cb94',
    'keygen-2-direct-server': 'f8bfaaab60a721cf7383234b3cec0286',
    'keygen-2-client': 'e2b5cc8e928e91ae81b47a67f83d9561',
    'keygen-2-direct-client': '734d1a75f60090cd956d2dce816e8123',
    'keygen-3-client': '095ddea4536b948e8019b9ef2ae0c413',
    'keygen-3-server': '70dea7b3d3048bcba346b6b82d2d902a',
    'reshare-1-client': '4871aa10203df0c6c7480d573e5add78',
    'reshare-1-server': '7e3ad44d484dcca6a8a21aa381847d21',
    'reshare-2-server': '566209969bceac819ab271be348eeb9e',
    'reshare-2-client': 'a6a1d2ab917a62b69e5b5d3c94a7694b',
    'reshare-3-direct-client': '60e41201dda0c260e130221206d4c188',
    'reshare-3-direct-server': '3921274dfa3a56c9f6ef271d139eab07',
    'reshare-4-server': 'f2358b3024912a0c1e376120462a3087',
    'reshare-4-client': 'bd089e8352bef4e3bb53a7e26612b44e',
    possession: 'bf90f56f76036bd5938df7ebc3ca99cd',
    'export-proof': '918546ea2507803c5c3411da757d76a7',
    'export-share': '3c8c7f9b313f06daf38135217defd8e5',
    record: 'bbe6f937ef39d4803c7b819635751839',
    'key-share': 'de239fc221f31c0fd6157093cad010b8',
    'wallet-shares': '21a89ed73059e8fb50a12cb9cdd664a2',
    'wallet-set-record': '0faa9a67e46439479ddd03ccf91f60a1',
    'wallet-set-id': '91e20f2fdeddc2ad1877ac73027601d6',
    flight: '6a7f01b9aa9aa203c177aea352e25828',
  },
}

describe.each(groups)('the wire format on $name', ({ group }) => {
  test('is what it was: a change needs a new version byte', () => {
    const hashes = Object.entries(exampleRun(group)).map(([name, bytes]) => [name, toHex(sha256(bytes).slice(0, 16))])
    expect(Object.fromEntries(hashes)).toEqual(PINNED[group.curve])
  })
})
