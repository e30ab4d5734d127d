import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { publicKeyToAddress, privateKeyToAccount } from 'viem/accounts'
import { verifyMessage } from 'viem'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { decodeRoundBody, encodeRoundBody, type RoundBody } from '../../../src/wire/round-body.ts'
import type { Scalar } from '../../../src/curve/group.ts'
import { getGroup } from '../../../src/curve/index.ts'
import { createCustodian, webhookCustodian } from '../../../src/custodian/index.ts'
import { exportFromBackup, exportPrivateKey } from '../../../src/export.ts'
import { generateKeyPair, type HpkeKeyPair } from '../../../src/hpke/x25519.ts'
import {
  backupWallet,
  createClient,
  generateWallet,
  getPublicKey,
  listSets,
  retireSet,
  sign,
  type Client,
  type Transport,
  type Wallet,
} from '../../../src/index.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { createServer } from '../../../src/server/index.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { inProcessTransport } from '../../../src/transport/index.ts'
import { concatBytes, toHex, utf8 } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { plainMethod } from '../support/plain-method.ts'

vi.mock('../../../src/hpke/x25519.ts', { spy: true })

const SECRET = 'webhook-secret-of-the-tests'
const CODE = 'one-time code 493021'

const random = seededRandom()
const database = pgliteDatabase()
let serverTransport: Transport
let custodianTransport: Transport
let client: Client
let wallet: Wallet

beforeAll(async () => {
  const custodian = createCustodian({
    database,
    masterKey: new Uint8Array(32).fill(1),
    webhookSecret: SECRET,
    authenticateUser: () => ({ userId: 'ann', clientId: 'ann' }),
    authorizeExport: (_, { authorization }) => authorization === CODE,
    limits: { rates: null, lockOut: null },
    random,
  })
  const server = createServer({
    database,
    masterKey: new Uint8Array(32).fill(2),
    authenticate: () => ({ clientId: 'ann' }),
    authorizeExport: ({ authorization }) => authorization === CODE,
    custodian: webhookCustodian({
      url: 'https://app.test',
      secret: SECRET,
      fetch: (input, init) => custodian.fetch(new Request(input, init)),
    }),
    // One client asks more often here than a user does in a week.
    limits: { rates: null, lockOut: null },
    random,
  })
  serverTransport = inProcessTransport(server)
  custodianTransport = inProcessTransport(custodian)
  client = device(serverTransport)
  wallet = await generateWallet(client)
})
afterAll(() => database.close())

const storage = memoryStore()
const device = (transport: Transport) => createClient({ transport, storage, random })
const asked = (curve: 'secp256k1' | 'ed25519') => ({ walletId: wallet.id, curve, authorization: CODE })

/** RFC 8032 §5.1.6 with a scalar in place of the seed's; the nonce is random. */
function signWithScalar(scalar: Uint8Array, publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const { Point } = ed25519
  const order = Point.Fn.ORDER
  const number = (bytes: Uint8Array) => BigInt(`0x${toHex(bytes.slice().reverse())}`)
  const r = number(random(64)) % order
  const R = Point.BASE.multiply(r).toBytes()
  const k = number(sha512(concatBytes(R, publicKey, message))) % order
  return concatBytes(R, Point.Fn.toBytes((r + k * number(scalar)) % order))
}

describe('exportPrivateKey', () => {
  test('secp256k1: the private key of the wallet’s address, in noble and in viem', async () => {
    const { format, privateKey, publicKey } = await exportPrivateKey(client, asked('secp256k1'))
    expect(format).toBe('secp256k1-private-key')
    expect(publicKey).toEqual(wallet.publicKeys.secp256k1)
    expect(secp256k1.getPublicKey(privateKey)).toEqual(publicKey)
    const message = utf8('signed in one place')
    expect(secp256k1.verify(secp256k1.sign(message, privateKey), message, wallet.publicKeys.secp256k1)).toBe(true)

    const account = privateKeyToAccount(`0x${toHex(privateKey)}`)
    const uncompressed = secp256k1.Point.fromBytes(wallet.publicKeys.secp256k1).toHex(false)
    expect(account.address).toBe(publicKeyToAddress(`0x${uncompressed}`))
    const signature = await account.signMessage({ message: 'from one place' })
    expect(await verifyMessage({ address: account.address, message: 'from one place', signature })).toBe(true)
  })

  test('ed25519: the scalar, which signs for the wallet’s key', async () => {
    const { format, privateKey, publicKey } = await exportPrivateKey(client, asked('ed25519'))
    expect(format).toBe('ed25519-scalar')
    expect(publicKey).toEqual(wallet.publicKeys.ed25519)
    const message = utf8('signed in one place')
    const signature = signWithScalar(privateKey, publicKey, message)
    expect(ed25519.verify(signature, message, wallet.publicKeys.ed25519, { zip215: false })).toBe(true)
    // It is no seed: as one it would be another key.
    expect(ed25519.getPublicKey(privateKey)).not.toEqual(publicKey)
  })

  test.each(['secp256k1', 'ed25519'] as const)('%s: the private key of a path', async (curve) => {
    const { format, privateKey, publicKey } = await exportPrivateKey(client, { ...asked(curve), path: 'm/0/5' })
    const root = await exportPrivateKey(client, asked(curve))
    expect(format).toBe(root.format)
    expect(publicKey).toEqual(await getPublicKey(client, { walletId: wallet.id, curve, path: 'm/0/5' }))
    expect(publicKey).not.toEqual(root.publicKey)
    expect(getGroup(curve).encodePoint(getGroup(curve).multiplyBase(privateKey as Scalar))).toEqual(publicKey)
    expect(await exportPrivateKey(client, { ...asked(curve), path: 'm' })).toEqual(root)
  })

  test('the wallet goes on working, and shows that it was exported', async () => {
    const message = utf8('in shares again')
    const { signature } = await sign(client, { walletId: wallet.id, scheme: 'ed25519', message })
    expect(ed25519.verify(signature, message, wallet.publicKeys.ed25519)).toBe(true)
    const [set] = await listSets(client, { walletId: wallet.id })
    expect(Date.parse(set!.exportedAt!)).toBeGreaterThan(0)
  })

  test('is denied for another authorisation, and for an unknown wallet', async () => {
    const refuse = (changed: object) => exportPrivateKey(client, { ...asked('secp256k1'), ...changed })
    await expect(refuse({ authorization: 'guessed' })).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    await expect(refuse({ walletId: '00'.repeat(16) })).rejects.toMatchObject({ code: 'SHARE_NOT_FOUND' })
    await expect(refuse({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
  })

  test.each([
    ['no wallet', { walletId: undefined }, TypeError],
    ['an unknown curve', { curve: 'p256' }, TypeError],
    ['a path that is none', { path: 'm/' }, TypeError],
    ['a hardened path', { path: "m/44'" }, RangeError],
    ['no authorisation', { authorization: undefined }, TypeError],
    ['an empty authorisation', { authorization: '' }, RangeError],
    ['a long authorisation', { authorization: 'x'.repeat(4097) }, RangeError],
    ['a broken authorisation', { authorization: 'yes\ud83d' }, RangeError],
  ])('refuses %s', async (_, wrong, kind) => {
    await expect(exportPrivateKey(client, { ...asked('ed25519'), ...wrong } as never)).rejects.toThrow(kind)
  })

  const flip = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
  const changeEnvelope = (change: (envelope: Uint8Array) => Uint8Array) => (roundBody: RoundBody<object>) => ({
    ...roundBody,
    messages: roundBody.messages.map(({ sessionIndex, envelope }) => ({ sessionIndex, envelope: change(envelope) })),
  })
  test.each([
    ['a tampered share', 2, changeEnvelope((sealed) => flip(sealed, 40)), 'PROTOCOL_ABORTED'],
    ['a tampered key', 2, changeEnvelope((sealed) => flip(sealed, 0)), 'PROTOCOL_ABORTED'],
    ['no share', 2, (roundBody: RoundBody<object>) => ({ ...roundBody, messages: [] }), 'PROTOCOL_ABORTED'],
    ['a short challenge', 1, changeEnvelope((challenge) => challenge.slice(1)), 'PROTOCOL_ABORTED'],
    ['another challenge', 1, changeEnvelope((challenge) => flip(challenge, 0)), 'PROTOCOL_ABORTED'],
    [
      'two challenges',
      1,
      (roundBody: RoundBody<object>) => ({ ...roundBody, messages: [...roundBody.messages, ...roundBody.messages] }),
      'PROTOCOL_ABORTED',
    ],
    [
      'another set',
      2,
      (roundBody: RoundBody<object>) => ({ ...roundBody, header: { ...roundBody.header, setId: '5e'.repeat(32) } }),
      'SET_MISMATCH',
    ],
    [
      'a set of another state',
      2,
      (roundBody: RoundBody<object>) => ({ ...roundBody, header: { ...roundBody.header, state: 'RETIRING' } }),
      'SET_MISMATCH',
    ],
    ['no result', 2, (roundBody: RoundBody<object>) => ({ ...roundBody, header: {} }), 'MALFORMED_RESPONSE'],
  ])('a server that sends %s gets no key made', async (_, round, change, code) => {
    const liar: Transport = {
      async request(request) {
        const answer = await serverTransport.request(request)
        if (!request.path.endsWith(`/rounds/${round}`) || answer.status !== 200) return answer
        return { ...answer, body: encodeRoundBody(change(decodeRoundBody(answer.body) as RoundBody<object>)) }
      },
    }
    await expect(exportPrivateKey(device(liar), asked('secp256k1'))).rejects.toMatchObject({ code })
  })

  test('nothing on the way holds the key, the other share or the one-time key', async () => {
    const seen: Uint8Array[] = []
    vi.mocked(generateKeyPair).mockClear()
    const watched = createClient({
      storage,
      transport: {
        async request(request) {
          const answer = await serverTransport.request(request)
          seen.push(...(request.body ? [request.body] : []), answer.body)
          return answer
        },
      },
      random,
    })
    const { privateKey } = await exportPrivateKey(watched, asked('secp256k1'))
    const sent = seen.map(toHex).join()
    expect(seen.length).toBeGreaterThanOrEqual(4)
    expect(sent).not.toContain(toHex(privateKey))
    // The one-time key of the client's, and the one that the server sealed by: both are wiped by now.
    const made = vi.mocked(generateKeyPair).mock.results.map(({ value }) => value as HpkeKeyPair)
    expect(made.map(({ secretKey }) => secretKey)).toEqual([new Uint8Array(32), new Uint8Array(32)])
  })
})

describe('exportFromBackup', () => {
  test('gives the same keys from a backup, with the signing server gone', async () => {
    const method = plainMethod()
    const { cipherText } = await backupWallet(client, { walletId: wallet.id, method })
    const alone = device({ request: () => Promise.reject(new Error('the signing server is gone')) })
    for (const curve of ['secp256k1', 'ed25519'] as const) {
      const options = { cipherText, method, custodian: custodianTransport, curve, authorization: CODE }
      const fromBackup = await exportFromBackup(alone, options)
      expect(fromBackup).toEqual(await exportPrivateKey(client, asked(curve)))
      const child = await exportFromBackup(alone, { ...options, path: 'm/3' })
      expect(child).toEqual(await exportPrivateKey(client, { ...asked(curve), path: 'm/3' }))
      const refused = exportFromBackup(alone, { ...options, authorization: 'guessed' })
      await expect(refused).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    }
  })
})

test('a retired set exports nothing', async () => {
  const laptop = createClient({ transport: serverTransport, storage: memoryStore(), random })
  const other = await generateWallet(laptop)
  const { confirm } = await backupWallet(laptop, { walletId: other.id, method: plainMethod() })
  await confirm()
  await retireSet(client, { walletId: other.id, setId: other.setId })
  const refused = exportPrivateKey(laptop, { walletId: other.id, curve: 'ed25519', authorization: CODE })
  await expect(refused).rejects.toMatchObject({ code: 'SET_RETIRED' })
})
