import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { expand, extract } from '@noble/hashes/hkdf.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { expect, test } from 'vitest'
import { taggedHash } from '../protocol/ecdsa/by-hand/hashing.ts'
import { readPage } from './blocks.ts'

// The examples of docs/wire.md as somebody checks them who has that page, protocol.md, and libraries for RFC 8032, 9180 and 9591.

const { Point } = ed25519
const ORDER = Point.Fn.ORDER
const [PROVER, VERIFIER] = [1, 2]

function shown(name: string): Uint8Array {
  const [, text] = new RegExp(`^\`\`\`hex ${name}\n([^\`]*)^\`\`\`$`, 'm').exec(readPage('docs/wire.md')) ?? []
  return hexToBytes(text!.replace(/#.*$/gm, '').replace(/\s/g, ''))
}

/** Cuts bytes into fields. */
function cut(bytes: Uint8Array, ...lengths: number[]): Uint8Array[] {
  let at = 0
  return lengths.map((length) => bytes.slice(at, (at += length)))
}

const littleEndian = (bytes: Uint8Array) => BigInt(`0x${bytesToHex(bytes.slice().reverse())}`)

const record = shown('record')
const [, setId, walletId] = cut(record, 2, 32, 16) as [Uint8Array, Uint8Array, Uint8Array]
const [, Y, , publicKey] = cut(record.slice(53), 2, 32, 34, 32) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]

function proves(label: string, proof: Uint8Array, nonce: Uint8Array): boolean {
  const tag = (name: string) => `reshare/v1/ed25519/possession/${name}`
  const [R, z] = cut(proof, 32, 32) as [Uint8Array, Uint8Array]
  const seed = taggedHash(tag(label), setId, PROVER, Y, publicKey, VERIFIER, nonce, R)
  const wide = concatBytes(taggedHash(tag('expand'), seed, 0), taggedHash(tag('expand'), seed, 1))
  const difference = Point.BASE.multiply(littleEndian(z)).subtract(
    Point.fromBytes(Y).multiply(littleEndian(wide) % ORDER),
  )
  return bytesToHex(difference.toBytes()) === bytesToHex(R)
}

const SUITE = hexToBytes('0020' + '0001' + '0003')

function labeled(suite: Uint8Array) {
  const prefix = (label: string) => concatBytes(utf8ToBytes('HPKE-v1'), suite, utf8ToBytes(label))
  return {
    extract: (salt: Uint8Array, label: string, ikm: Uint8Array) =>
      extract(sha256, concatBytes(prefix(label), ikm), salt),
    expand: (prk: Uint8Array, label: string, info: Uint8Array, length: number) =>
      expand(sha256, prk, concatBytes(Uint8Array.of(length >> 8, length), prefix(label), info), length),
  }
}

/** RFC 9180, mode base, or auth where there is a sender's key. */
function hpke(secretKey: Uint8Array, enc: Uint8Array, info: string, sender?: Uint8Array) {
  const empty = new Uint8Array()
  const kem = labeled(concatBytes(utf8ToBytes('KEM'), hexToBytes('0020')))
  const dh = [enc, ...(sender ? [sender] : [])].map((key) => x25519.getSharedSecret(secretKey, key))
  const about = concatBytes(enc, x25519.getPublicKey(secretKey), sender ?? empty)
  const shared = kem.expand(kem.extract(empty, 'eae_prk', concatBytes(...dh)), 'shared_secret', about, 32)
  const suite = labeled(concatBytes(utf8ToBytes('HPKE'), SUITE))
  const context = concatBytes(
    Uint8Array.of(sender ? 2 : 0),
    suite.extract(empty, 'psk_id_hash', empty),
    suite.extract(empty, 'info_hash', utf8ToBytes(info)),
  )
  const secret = suite.extract(shared, 'secret', empty)
  const key = suite.expand(secret, 'key', context, 32)
  const nonce = suite.expand(secret, 'base_nonce', context, 12)
  const exporter = suite.expand(secret, 'exp', context, 32)
  return {
    open: (aad: Uint8Array, sealed: Uint8Array) => chacha20poly1305(key, nonce, aad).decrypt(sealed),
    export: (about: string) => suite.expand(exporter, 'sec', utf8ToBytes(about), 32),
  }
}

test('possession and export prove, and the sealed share opens', () => {
  const share = shown('key-share').slice(2, 34)
  expect(Point.BASE.multiply(littleEndian(share)).toBytes()).toEqual(Y)
  expect(proves('proof', shown('possession'), shown('possession-input'))).toBe(true)
  expect(proves('export', shown('possession'), shown('possession-input'))).toBe(false)

  const [challenge, operation, secretKey, receiver] = cut(shown('export-input'), 32, 16, 32, 32)
  const terms = [challenge!, operation!, walletId, setId, VERIFIER, PROVER, receiver!] as const
  const nonce = taggedHash('reshare/v1/ed25519/operation/export', ...terms)
  expect(proves('export', shown('export-proof'), nonce)).toBe(true)

  const [enc, sealed] = cut(shown('export-share'), 32, 48) as [Uint8Array, Uint8Array]
  const aad = concatBytes(operation!, walletId, setId, Uint8Array.of(VERIFIER, PROVER))
  const opened = hpke(secretKey!, enc, 'reshare/v1/ed25519/operation/export').open(aad, sealed)
  expect(opened).toEqual(shown('export-share-opened'))
})

test('a sealed request and its response open', () => {
  const [header, enc, sealed] = cut(shown('sealed-request'), 41, 32, 272) as [Uint8Array, Uint8Array, Uint8Array]
  const device = header.slice(9)
  expect(x25519.getPublicKey(shown('sealed-device-secret'))).toEqual(device)
  const context = hpke(shown('sealed-server-secret'), enc, 'reshare/v1/wallet/channel/request', device)
  const plaintext = shown('sealed-request-plaintext')
  expect(context.open(header, sealed)).toEqual(concatBytes(plaintext, new Uint8Array(256 - plaintext.length)))

  const answer = shown('sealed-response')
  const [version, fresh, ciphertext] = cut(answer, 1, 32, answer.length - 33) as [Uint8Array, Uint8Array, Uint8Array]
  const prk = extract(sha256, context.export('reshare/v1/wallet/channel/response'), concatBytes(enc, fresh))
  const [key, nonce] = [expand(sha256, prk, utf8ToBytes('key'), 32), expand(sha256, prk, utf8ToBytes('nonce'), 12)]
  const expected = shown('sealed-response-plaintext')
  expect(chacha20poly1305(key, nonce, version).decrypt(ciphertext).slice(0, expected.length)).toEqual(expected)
})

test('the contexts of FROST are those of the page, and the signature verifies', () => {
  const message = utf8ToBytes('reshare')
  const tag = (label: string) => `reshare/v1/ed25519/frost/${label}`
  const rounds = ['frost-1-client', 'frost-1-server', 'frost-2-direct-server'].map((name) =>
    cut(shown(name), 6, 32, 4, 64),
  )
  const ctx = taggedHash(tag('ctx'), setId, publicKey, Uint8Array.of(1, 2), 1, message)
  const commitments = rounds.slice(0, 2).map(([, , , body]) => body!)
  expect(rounds.slice(0, 2).map(([, sid]) => sid)).toEqual([ctx, ctx])
  expect(rounds[2]![1]).toEqual(taggedHash(tag('sid'), ctx, commitments))
  const [R, z] = cut(shown('frost-signature'), 32, 32) as [Uint8Array, Uint8Array]
  const c = littleEndian(sha512(concatBytes(R, publicKey, message))) % ORDER
  const difference = Point.BASE.multiply(littleEndian(z)).subtract(Point.fromBytes(publicKey).multiply(c))
  expect(difference.toBytes()).toEqual(R)
})

test('an import is of the key, and both prove their shares of it', () => {
  const tag = (label: string) => `reshare/v1/ed25519/import/${label}`
  const hash = (label: string, ...parts: Parameters<typeof taggedHash>[1][]) => taggedHash(tag(label), ...parts)
  const wide = (seed: Uint8Array) => littleEndian(concatBytes(hash('expand', seed, 0), hash('expand', seed, 1))) % ORDER
  const body = (name: string) => shown(`import-${name}`).slice(42)
  const sidOf = (name: string) => shown(`import-${name}`).slice(6, 38)
  const point = (bytes: Uint8Array) => Point.fromBytes(bytes)
  const base = (bytes: Uint8Array) => Point.BASE.multiply(littleEndian(bytes))
  const isKnown = (claimed: typeof Point.BASE, R: Uint8Array, z: Uint8Array, seed: Uint8Array) =>
    bytesToHex(
      base(z)
        .subtract(claimed.multiply(wide(seed)))
        .toBytes(),
    ) === bytesToHex(R)
  const [x, sealSecret] = cut(shown('import-input'), 32, 32) as [Uint8Array, Uint8Array]
  const pk = base(x).toBytes()

  const participants = [Uint8Array.of(1, 1, 1), Uint8Array.of(0, 2, 2)]
  const ctx = hash('ctx', 2, 6, 1, walletId, 1, 2, 2, participants, 0, [pk, new Uint8Array()])
  expect([sidOf('1-client'), sidOf('1-server')]).toEqual([ctx, ctx])
  const [first, second] = [cut(body('1-client'), 32, 32), cut(body('1-server'), 32, 32, 32)]
  const sid = hash('sid', ctx, [first[0]!, second[0]!])
  for (const name of ['2-client', '2-direct-client', '2-server', '2-direct-server', '3-client', '3-server']) {
    expect(sidOf(name)).toEqual(sid)
  }
  expect(x25519.getPublicKey(sealSecret)).toEqual(second[2])

  const [, C0, C1, fR, fz, fcc, frho] = cut(body('2-client'), 1, 32, 32, 32, 32, 32, 32)
  const [, H0, hR, hz, hcc, hrho] = cut(body('2-server'), 1, 32, 32, 32, 32, 32)
  expect(C0).toEqual(pk)
  expect(hash('com', ctx, 1, first[0]!, [C0!, C1!], fcc!, frho!)).toEqual(first[1])
  expect(hash('com', ctx, 2, second[0]!, [H0!], hcc!, hrho!)).toEqual(second[1])
  expect(isKnown(point(C0!), fR!, fz!, hash('pok', sid, 1, [C0!, C1!], fR!))).toBe(true)
  expect(isKnown(point(H0!), hR!, hz!, hash('pok', sid, 2, [H0!], hR!))).toBe(true)

  const [enc, sealed] = cut(body('2-direct-client'), 32, 48) as [Uint8Array, Uint8Array]
  const f2 = hpke(sealSecret, enc, tag('seal')).open(concatBytes(sid, Uint8Array.of(1, 2)), sealed)
  expect(base(f2).equals(point(C0!).add(point(C1!).multiply(2n)))).toBe(true)
  expect(base(body('2-direct-server')).toBytes()).toEqual(H0)

  const [c0, slope] = [point(C0!), point(C1!).add(point(H0!))]
  const Y = [c0.add(slope), c0.add(slope.multiply(2n))]
  const broadcasts = (round: number) => [body(`${round}-client`), body(`${round}-server`)]
  const T = hash('T', sid, broadcasts(1), broadcasts(2))
  const chainCode = hash('cc', sid, [fcc!, hcc!])
  for (const [i, name] of ['3-client', '3-server'].entries()) {
    const [transcript, R, z] = cut(body(name), 32, 32, 32) as [Uint8Array, Uint8Array, Uint8Array]
    expect(transcript).toEqual(T)
    expect(isKnown(Y[i]!, R, z, hash('pop', sid, T, i + 1, Y[i]!.toBytes(), pk, chainCode, R))).toBe(true)
  }

  // h(2) = 2·h(1) for t = 2: h is of degree 0, and is dealt times its point.
  const [f, h] = [littleEndian(f2), littleEndian(body('2-direct-server'))]
  const share = littleEndian(shown('import-share'))
  expect(share).toBe((f + 2n * h) % ORDER)
  // f is of degree 1: f(1) is halfway between x and f(2).
  const own = ((littleEndian(x) + f) * Point.Fn.inv(2n) + h) % ORDER
  expect((2n * own - share + ORDER) % ORDER).toBe(littleEndian(x))
})
