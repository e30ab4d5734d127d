import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exportPrivateKey } from '../../src/export.ts'
import { importWallet } from '../../src/import.ts'
import {
  backupWallet,
  createClient,
  findWallets,
  generateWallet,
  getExtendedPublicKey,
  getPublicKey,
  retireSet,
  sign,
  type Client,
} from '../../src/index.ts'
import type { Database } from '../../src/service/database/types.ts'
import { memoryStore } from '../../src/storage/index.ts'
import type { Transport } from '../../src/transport/types.ts'
import { toHex, utf8 } from '../../src/util/bytes.ts'
import { decodeRoundBody, encodeRoundBody } from '../../src/wire/round-body.ts'
import { plainMethod } from '../client/support/plain-method.ts'
import { seededRandom } from '../support/random.ts'
import { chosenDatabases } from './support/databases.ts'
import { deploy, type Deployment } from './support/deployment.ts'

const message = utf8('from the key that was there before')
const random = seededRandom()
const privateKey = secp256k1.utils.randomSecretKey(random(48))
const seed = random(32)

describe.each(chosenDatabases('e2e/import'))('import on $name', ({ open }) => {
  let database: Database
  let deployment: Deployment
  let transport: Transport
  let client: Client

  beforeAll(async () => {
    database = await open()
    deployment = await deploy(database, undefined, 'refuse', { authorizeExport: () => true })
    transport = await deployment.transportFor('owner')
    client = createClient({ transport, storage: memoryStore(), pool: { size: 0 } })
  })
  afterAll(async () => {
    await deployment.close()
    await database.close()
  })

  async function signsWithBoth(walletId: string): Promise<void> {
    const edwards = await sign(client, { walletId, scheme: 'ed25519', message })
    expect(ed25519.verify(edwards.signature, message, ed25519.getPublicKey(seed), { zip215: false })).toBe(true)
    const ecdsa = await sign(client, { walletId, scheme: 'ecdsa', message, hash: 'sha256' })
    expect(secp256k1.verify(ecdsa.signature, message, secp256k1.getPublicKey(privateKey))).toBe(true)
  }

  test('an imported wallet signs by both schemes, and is listed as imported', async () => {
    const { id, publicKeys } = await importWallet(client, { secp256k1: { privateKey }, ed25519: { seed } })
    expect(publicKeys.ed25519).toEqual(ed25519.getPublicKey(seed))
    await signsWithBoth(id)
    const generated = await generateWallet(client)
    const found = await findWallets(client)
    expect(found.find((wallet) => wallet.id === id)!.importedAt).toMatch(/^20/)
    expect(found.find((wallet) => wallet.id === generated.id)!.importedAt).toBeNull()
    const rows = await database.query(
      `select event, detail from reshare_audit where wallet_id = $1 and detail = 'import' order by sequence`,
      [id],
    )
    expect(rows.map(({ event }) => event)).toEqual(['prepared', 'activated'])
  })

  test('export, import: the same keys and children, and the old wallet is refused once it is retired', async () => {
    const old = await generateWallet(client)
    const { confirm } = await backupWallet(client, { walletId: old.id, method: plainMethod() })
    await confirm()
    const exported = (curve: 'secp256k1' | 'ed25519') =>
      exportPrivateKey(client, { walletId: old.id, curve, authorization: 'yes' })
    const [bitcoin, solana] = [await exported('secp256k1'), await exported('ed25519')]
    const { chainCode } = await getExtendedPublicKey(client, { walletId: old.id })
    const wallet = await importWallet(client, {
      secp256k1: { privateKey: bitcoin.privateKey, chainCode },
      ed25519: { scalar: solana.privateKey },
    })
    expect(wallet.publicKeys).toEqual(old.publicKeys)
    const child = (walletId: string) => getPublicKey(client, { walletId, curve: 'secp256k1', path: 'm/0/5' })
    expect(await child(wallet.id)).toEqual(await child(old.id))
    const other = createClient({ transport, storage: memoryStore(), pool: { size: 0 } })
    await retireSet(other, { walletId: old.id, setId: old.setId })
    await expect(sign(client, { walletId: old.id, scheme: 'ed25519', message })).rejects.toMatchObject({
      code: 'SET_RETIRED',
    })
    const { signature } = await sign(client, { walletId: wallet.id, scheme: 'ed25519', message })
    expect(ed25519.verify(signature, message, old.publicKeys.ed25519)).toBe(true)
  })

  test('a server that is told of another key than the client deals makes nothing', async () => {
    const before = (await findWallets(client)).length
    const swapped: Transport = {
      async request(request) {
        if (request.body === undefined || !request.path.endsWith('/rounds/1')) return transport.request(request)
        const { header, messages } = decodeRoundBody(request.body)
        const keys = { secp256k1: { publicKey: toHex(secp256k1.Point.BASE.toBytes()), chainCode: null }, ed25519: null }
        const body = encodeRoundBody({ header: { ...(header as object), keys }, messages })
        return transport.request({ ...request, body })
      },
    }
    const victim = createClient({ transport: swapped, storage: memoryStore(), repeats: false, pool: { size: 0 } })
    await expect(importWallet(victim, { secp256k1: { privateKey } })).rejects.toMatchObject({ name: 'MpcError' })
    expect(await findWallets(client)).toHaveLength(before)
  })

  test('each request may be sent twice: the wallet is made once', async () => {
    const before = (await findWallets(client)).length
    const twice: Transport = {
      async request(request) {
        await transport.request(request)
        return transport.request(request)
      },
    }
    const stutterer = createClient({ transport: twice, storage: memoryStore(), pool: { size: 0 } })
    const wallet = await importWallet(stutterer, { secp256k1: { privateKey } })
    expect(wallet.publicKeys.secp256k1).toEqual(secp256k1.getPublicKey(privateKey))
    expect(await findWallets(client)).toHaveLength(before + 1)
  })
})
