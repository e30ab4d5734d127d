import { ed25519 } from '@noble/curves/ed25519.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFrostClient, generateWallet, getPublicKey, sign, type Client, type Wallet } from '../../src/index.ts'
import type { Database } from '../../src/service/database/types.ts'
import { memoryStore } from '../../src/storage/index.ts'
import type { Transport } from '../../src/transport/types.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { decodeRoundBody, encodeRoundBody } from '../../src/wire/round-body.ts'
import { chosenDatabases } from './support/databases.ts'
import { deploy, type Deployment } from './support/deployment.ts'

const message = utf8('from an account of many')

describe.each(chosenDatabases('e2e/derived-ed25519'))('derived ed25519 keys on $name', ({ open }) => {
  let database: Database
  let deployment: Deployment
  let transport: Transport
  let client: Client
  let wallet: Wallet

  beforeAll(async () => {
    database = await open()
    deployment = await deploy(database)
    transport = await deployment.transportFor('owner')
    client = createFrostClient({ transport, storage })
    wallet = await generateWallet(client)
  })
  afterAll(async () => {
    await deployment.close()
    await database.close()
  })
  const storage = memoryStore()
  const at = (path?: string) => ({ walletId: wallet.id, ...(path !== undefined && { path }) })
  const keyAt = (path?: string) => getPublicKey(client, { ...at(path), curve: 'ed25519' })

  test('each path has a key of its own, which device and server sign with', async () => {
    const paths = ['m', 'm/0', 'm/1', 'm/0/2147483647', `m${'/7'.repeat(40)}`]
    const keys = await Promise.all(paths.map(keyAt))
    expect(keys[0]).toEqual(wallet.publicKeys.ed25519)
    expect(await keyAt()).toEqual(keys[0])
    for (const [index, path] of paths.entries()) {
      const { signature, publicKey } = await sign(client, { ...at(path), scheme: 'ed25519', message })
      expect(publicKey).toEqual(keys[index])
      for (const key of keys) {
        expect(ed25519.verify(signature, message, key, { zip215: false })).toBe(key === keys[index])
      }
    }
  })

  test('a server that signs with the key of another path is found out', async () => {
    const swapped: Transport = {
      async request(request) {
        const { header, messages } = decodeRoundBody(request.body!)
        const changed = { ...(header as object), path: 'm/1' }
        return transport.request({ ...request, body: encodeRoundBody({ header: changed, messages }) })
      },
    }
    const victim = createFrostClient({ transport: swapped, storage, repeats: false })
    for (const path of ['m', 'm/0', 'm/1/0']) {
      const signing = sign(victim, { ...at(path), scheme: 'ed25519', message })
      await expect(signing).rejects.toMatchObject({ name: 'MpcError' })
    }
    await sign(victim, { ...at('m/1'), scheme: 'ed25519', message })
  })

  test('hardened steps are refused, and nothing is asked', async () => {
    await expect(keyAt("m/44'/501'/0'")).rejects.toThrow('hardened children need the private key')
    await expect(sign(client, { ...at("m/0'"), scheme: 'ed25519', message })).rejects.toThrow(RangeError)
  })
})
