import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import type { Curve } from '../../src/types.ts'
import { toHex } from '../../src/util/bytes.ts'
import { exampleRun } from '../support/example.ts'
import { groups } from '../support/groups.ts'

/** The first half of the SHA-256 of every message and record of the run that docs/wire.md shows. */
const PINNED: Record<Curve, Record<string, string>> = {
  secp256k1: {
    'keygen-1-client': '90b56ae47944fbe0b0706455fe95c098',
    'keygen-1-server': '3d97bbe526cff5fd1132d304fe3d6018',
    'keygen-2-server': 'acb4fa46613bb2eb85d7a9c63516f7c9',
    'keygen-2-direct-server': '6a4534211dc7f99f6c90d22597a8d6ec',
    'keygen-2-client': '09535ac71f6604114196f493d365469c',
    'keygen-2-direct-client': 'f223959cd0bc5b824722520322d663b5',
    'keygen-3-client': '217b36b19ca2e633cace5bdf2faf9de9',
    'keygen-3-server': '0f38181917b148885959b72bbad8c8b8',
    'reshare-1-client': '71f4b428dcb594e2f63216d8c3046a20',
    'reshare-1-server': '48ad06f561e61f3de4760e53f5fa906b',
    'reshare-2-server': '1a1ead7e7555a8e4ff991148fbc18c87',
    'reshare-2-client': 'e394f9756fa2a0451f8ebde79a480eef',
    'reshare-3-direct-client': '4f7053e6d91d6131ebef12e75177218b',
    'reshare-3-direct-server': '9c35a84dbfed8c534de2c93cd0c7b21c',
    'reshare-4-server': 'f0270c8fa28eee18597b27dd7c25d6e6',
    'reshare-4-client': 'd6b053633acb5b5c420dd8febdc7def7',
    'frost-1-client': 'ea8ff8fad99ec736a3edaad2eed22cbb',
    'frost-1-server': 'eb710efa72c762e33062db6807322647',
    'frost-2-direct-server': 'd62e3ffc373cd5d5bdb5b449da4f77fa',
    'frost-signature': '5b21e4cbe661efbac1206fe60b4f2462',
    'possession-input': '544e62cee8033709e389e5b2755343d0',
    possession: 'da8092e99573c153a7b25edd442c97ff',
    'export-input': 'e3092dbd104705c936dea8b531bea4ae',
    'export-proof': '65a50e4592466095d581ff29c287f960',
    'export-share': 'b14c010ca68c50ea9d36ca5ad44dca4c',
    'export-share-opened': 'e228a9ec3a051749e90eb45bfe09f764',
    record: '47397b5f159e3a00661d273d9b5e2b4f',
    'key-share': 'a316b5cbfce593ba0384bb8ddbf0218f',
    'wallet-shares': '52e0fa37d56e401ddb42d4dcb6b8d5d8',
    'wallet-set-record': 'ac4fdc19bc9e4ac83c1aa11a9254b952',
    'wallet-set-id': '847fb9d327e5146d622307462759b940',
    'round-body': '25952592af59ea6c241a31f14bd34c66',
  },
  ed25519: {
    'keygen-1-client': 'f4beb51b6fe47dbf65de0aff9e81ce70',
    'keygen-1-server': 'e8e492b336083c42a489e713dff7dcf6',
    'keygen-2-server': '18093eeb1074393608192869146b1084',
    'keygen-2-direct-server': 'd7174695b14aca781c9c6b2b1386b473',
    'keygen-2-client': 'c279e2a7ed83b0b303fc0543909c2760',
    'keygen-2-direct-client': '7e0778b9cc9e471f283e8cfc6a39211e',
    'keygen-3-client': '8c74c303bcc98026ff6c0d83d640a49b',
    'keygen-3-server': 'af34760447a222d907970aa4647019b9',
    'reshare-1-client': '310d63a5c6c8ebd40dc6d1cd3f32c848',
    'reshare-1-server': 'a695922f025cbb1e4367388ba91bceb4',
    'reshare-2-server': '56c6453139744217be5c32a11b3de3e6',
    'reshare-2-client': '5197619783b8ac6648639802dd6abb48',
    'reshare-3-direct-client': 'ed4fa90154ed5baea0af7e06bc5ec298',
    'reshare-3-direct-server': '0443ea68f04357e01422488c1dd456e6',
    'reshare-4-server': 'de3dc4390517ce5b0cb425831f9211a1',
    'reshare-4-client': 'e40cd2b236cb4a04442197e9e00d79f4',
    'frost-1-client': '41d2ab28d6b18e1be16b55ec1fd2577d',
    'frost-1-server': 'a7ec7c396ae21da9ef6f13161e9e946e',
    'frost-2-direct-server': '7d5fc5528d93d9a732b330db9ad12b07',
    'frost-signature': '30f742d10fa3401071e09556a012aded',
    'possession-input': '544e62cee8033709e389e5b2755343d0',
    possession: '9aa4a33401b7d7cc99ab9dc9ff126dcd',
    'export-input': 'e3092dbd104705c936dea8b531bea4ae',
    'export-proof': 'b5ba51e2c3cb0f87b93632247332de17',
    'export-share': '13ffc6abd398016242e352678a2531d4',
    'export-share-opened': '232f8bf47eb7efb360129fb88a374e75',
    record: '74148dc1a6070007d3aed7a70b558d1d',
    'key-share': '8203a55f84f13c2d4d96204b6fdca6e0',
    'wallet-shares': '8124e448f9e7ce3b304c5c6bd3bccf74',
    'wallet-set-record': '66d7454e53f2f6affb2e17735e02c39b',
    'wallet-set-id': 'f4a6d81f9296bb89ed960cdb3dab4477',
    'round-body': '74371b9ea01e38a2edca9fedae3056c7',
  },
}

describe.each(groups)('the wire format on $name', ({ group }) => {
  test('is what it was: a change needs a new version byte', () => {
    const hashes = Object.entries(exampleRun(group)).map(([name, bytes]) => [name, toHex(sha256(bytes).slice(0, 16))])
    expect(Object.fromEntries(hashes)).toEqual(PINNED[group.curve])
  })
})
