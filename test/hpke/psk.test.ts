import { describe, expect, test } from 'vitest'
import { setupAuthReceiver, setupAuthSender } from '../../src/hpke/auth.ts'
import { openContext, type HpkeContext, type HpkePsk } from '../../src/hpke/key-schedule.ts'
import { agreeOnce, keyPairOf } from '../../src/hpke/x25519.ts'
import { concatBytes, fromHex, toHex, utf8 } from '../../src/util/bytes.ts'
import { CodecError } from '../../src/util/codec.ts'
import { flip } from '../support/simulator.ts'

const info = utf8('Ode on a Grecian Urn')
const aad = utf8('Count-0')
const pt = utf8('Beauty is truth, truth beauty')
const PSK: HpkePsk = {
  psk: fromHex('0247fd33b913760fa1fa51e1892d9f307fbe65eb171e8132c2af18555a738b82'),
  id: utf8('Ennyn Durin aran Moria'),
}

/** RFC 9180 A.2.2: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, psk, sequence number 0. */
const MODE_PSK = {
  skEm: '0c35fdf49df7aa01cd330049332c40411ebba36e0c718ebc3edf5845795f6321',
  enc: '2261299c3f40a9afc133b969a97f05e95be2c514e54f3de26cbe5644ac735b04',
  skRm: '77d114e0212be51cb1d76fa99dd41cfd4d0166b08caa09074430a6c59ef17879',
  pkRm: '13640af826b722fc04feaa4de2f28fbd5ecc03623b317834e7ff4120dbe73062',
  ct: '4a177f9c0d6f15cfdf533fb65bf84aecdc6ab16b8b85b4cf65a370e07fc1d78d28fb073214525276f4a89608ff',
  exported: {
    '': '813c1bfc516c99076ae0f466671f0ba5ff244a41699f7b2417e4c59d46d39f40',
    '00': '2745cf3d5bb65c333658732954ee7af49eb895ce77f8022873a62a13c94cb4e1',
    '54657374436f6e74657874': 'ad40e3ae14f21c99bfdebc20ae14ab86f4ca2dc9a4799d200f43a25f99fa78ae',
  },
}

/** RFC 9180 A.2.4: the same suite in mode auth_psk. */
const AUTH_PSK = {
  skEm: '5e6dd73e82b856339572b7245d3cbb073a7561c0bee52873490e305cbb710410',
  enc: '656a2e00dc9990fd189e6e473459392df556e9a2758754a09db3f51179a3fc02',
  skRm: '7b36a42822e75bf3362dfabbe474b3016236408becb83b859a6909e22803cb0c',
  pkRm: 'a5099431c35c491ec62ca91df1525d6349cb8aa170c51f9581f8627be6334851',
  skSm: '90761c5b0a7ef0985ed66687ad708b921d9803d51637c8d1cb72d03ed0f64418',
  pkSm: '3ac5bd4dd66ff9f2740bef0d6ccb66daa77bff7849d7895182b07fb74d087c45',
  ct: '9aa52e29274fc6172e38a4461361d2342585d3aeec67fb3b721ecd63f059577c7fe886be0ede01456ebc67d597',
  exported: {
    '': 'c23ebd4e7a0ad06a5dddf779f65004ce9481069ce0f0e6dd51a04539ddcbd5cd',
    '00': 'ed7ff5ca40a3d84561067ebc8e01702bc36cf1eb99d42a92004642b9dfaadd37',
    '54657374436f6e74657874': 'd3bae066aa8da27d527d85c040f7dd6ccb60221c902ee36a82f70bcd62a60ee4',
  },
}

function expectExports(context: HpkeContext, exported: Record<string, string>): void {
  for (const [label, value] of Object.entries(exported)) expect(toHex(context.export(fromHex(label), 32))).toBe(value)
}

test('mode psk gives the bytes of RFC 9180 A.2.2', () => {
  const [ephemeral, receiver] = [keyPairOf(fromHex(MODE_PSK.skEm)), keyPairOf(fromHex(MODE_PSK.skRm))]
  expect([ephemeral, receiver].map(({ publicKey }) => toHex(publicKey))).toEqual([MODE_PSK.enc, MODE_PSK.pkRm])
  const dh = agreeOnce(ephemeral.secretKey, receiver.publicKey)
  const context = openContext('psk', dh, concatBytes(ephemeral.publicKey, receiver.publicKey), info, PSK)
  expect(toHex(context.seal(aad, pt))).toBe(MODE_PSK.ct)
  expect(context.open(aad, fromHex(MODE_PSK.ct))).toEqual(pt)
  expectExports(context, MODE_PSK.exported)
})

describe('mode auth_psk', () => {
  const sender = keyPairOf(fromHex(AUTH_PSK.skSm))
  const receiver = keyPairOf(fromHex(AUTH_PSK.skRm))
  const ephemeral = keyPairOf(fromHex(AUTH_PSK.skEm))
  const receiving = (psk?: HpkePsk) =>
    setupAuthReceiver(receiver, sender.publicKey, ephemeral.publicKey, info, ...(psk === undefined ? [] : [psk]))

  test('gives the bytes of RFC 9180 A.2.4, on both sides', async () => {
    expect([sender, receiver, ephemeral].map(({ publicKey }) => toHex(publicKey))).toEqual([
      AUTH_PSK.pkSm,
      AUTH_PSK.pkRm,
      AUTH_PSK.enc,
    ])
    const ours = await setupAuthSender(receiver.publicKey, sender, ephemeral, info, PSK)
    const theirs = await receiving(PSK)
    expect(toHex(ours.seal(aad, pt))).toBe(AUTH_PSK.ct)
    expect(theirs.open(aad, fromHex(AUTH_PSK.ct))).toEqual(pt)
    expectExports(ours, AUTH_PSK.exported)
    expectExports(theirs, AUTH_PSK.exported)
  })

  test.each([
    ['without the pre-shared key', undefined],
    ['with another', { ...PSK, psk: flip(PSK.psk, 0) }],
    ['under another name', { ...PSK, id: flip(PSK.id, 0) }],
  ])('does not open %s', async (_, psk) => {
    const context = await receiving(psk)
    expect(() => context.open(aad, fromHex(AUTH_PSK.ct))).toThrow(CodecError)
  })

  test('the caller keeps its pre-shared key', async () => {
    const psk = { psk: PSK.psk.slice(), id: PSK.id.slice() }
    const context = await receiving(psk)
    context.wipe()
    expect(psk).toEqual(PSK)
  })
})

describe('a pre-shared key', () => {
  const open = (mode: 'base' | 'psk' | 'auth' | 'authPsk', psk?: HpkePsk) =>
    openContext(mode, new Uint8Array(32).fill(1), new Uint8Array(64), info, psk)

  test.each(['psk', 'authPsk'] as const)('belongs to mode %s', (mode) => {
    expect(() => open(mode)).toThrow(TypeError)
    expect(() => open(mode, { ...PSK, psk: PSK.psk.slice(1) })).toThrow(RangeError)
    expect(() => open(mode, { ...PSK, id: new Uint8Array(0) })).toThrow(RangeError)
    expect(() => open(mode, PSK)).not.toThrow()
  })

  test.each(['base', 'auth'] as const)('does not belong to mode %s', (mode) => {
    expect(() => open(mode, PSK)).toThrow(TypeError)
  })
})
