import { afterAll, beforeAll, expect, test } from 'vitest'
import { sealedTransport } from '../../src/channel/index.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import {
  backupWallet,
  confirmBackup,
  createClient,
  generateWallet,
  recoverWallet,
  type Transport,
  type TransportRequest,
} from '../../src/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { httpTransport } from '../../src/transport/index.ts'
import { fromHex, utf8 } from '../../src/util/bytes.ts'
import { plainMethod } from '../client/support/plain-method.ts'
import { signsEcdsa } from '../client/support/signs-ecdsa.ts'
import { seededRandom } from '../support/random.ts'
import { deploy, type Deployment } from './support/deployment.ts'

const database = pgliteDatabase()
const channel = generateKeyPair(seededRandom())
let deployment: Deployment
beforeAll(async () => {
  deployment = await deploy(database, undefined, 'refuse', { channelKeys: [channel.secretKey], requireSealed: true })
})
afterAll(async () => {
  await deployment.close()
  await database.close()
})

/** Everything that has passed one point of the way, there and back. */
class Recording {
  readonly bodies: Uint8Array[] = []
  readonly texts: string[] = []

  over(transport: Transport): Transport {
    return {
      request: async (request: TransportRequest) => {
        const { method, path, contentType = '', body = new Uint8Array() } = request
        this.texts.push(`${method} ${path} ${contentType}`)
        this.bodies.push(body.slice())
        const answer = await transport.request(request)
        this.texts.push(String(answer.status))
        this.bodies.push(answer.body)
        return answer
      },
    }
  }

  has(bytes: Uint8Array): boolean {
    this.#all ??= Buffer.concat([...this.bodies, utf8(this.texts.join('\n'))])
    return this.#all.includes(Buffer.from(bytes))
  }
  #all: Buffer | undefined
}

/** Some pieces of a message, each long enough to be found by no chance. */
function pieces(message: Uint8Array): Uint8Array[] {
  const length = Math.min(16, message.length)
  if (length < 12) return []
  return [0, 0.5, 0.9].map((part) => {
    const start = Math.floor(part * (message.length - length))
    return message.subarray(start, start + length)
  })
}

test('a relay sees a wallet made, backed up, recovered and used, and learns nothing of it', async () => {
  const [relay, within] = [new Recording(), new Recording()]
  const token = await deployment.createToken('someone')
  const headers = () => ({ authorization: `Bearer ${token}` })
  const device = () => {
    const storage = memoryStore()
    // What is on the wire is what the relay sees: the fetch of a proxy between.
    const wire = relay.over(httpTransport(deployment.url))
    const sealed = sealedTransport({ transport: wire, serverKey: channel.publicKey, storage, headers })
    return createClient({ transport: within.over(sealed), storage, label: 'the phone of Ann' })
  }
  const method = plainMethod()
  const phone = device()
  const { id: walletId, setId } = await generateWallet(phone)
  const { cipherText, setId: backupId } = await backupWallet(phone, { walletId, method })
  await confirmBackup(phone, { setId: backupId })
  await signsEcdsa(phone, { walletId })
  const laptop = device()
  const recovered = await recoverWallet(laptop, { cipherText, method, existingSets: 'retire' })
  await signsEcdsa(laptop, { walletId, path: 'm/1' })
  await expect(signsEcdsa(phone, { walletId })).rejects.toMatchObject({ code: 'SET_RETIRED' })

  expect(within.bodies.length).toBeGreaterThan(20)
  expect(new Set(relay.texts)).toEqual(new Set(['POST /v1/sealed application/vnd.reshare.sealed', '200']))
  const secrets = within.bodies.flatMap(pieces)
  expect(secrets.length).toBeGreaterThan(60)
  expect(secrets.filter((piece) => !within.has(piece))).toEqual([])
  expect(secrets.filter((piece) => relay.has(piece))).toEqual([])
  const ids = [walletId, setId, backupId, recovered.setId]
  for (const text of [...ids, 'the phone of Ann', '"state"'])
    expect([text, within.has(utf8(text))]).toEqual([text, true])
  for (const text of [...ids, token, 'Bearer', 'the phone of Ann', '"state"', 'error']) {
    expect([text, relay.has(utf8(text))]).toEqual([text, false])
  }
  for (const id of ids) expect(relay.has(fromHex(id))).toBe(false)
})

test('a server that asks for it answers nobody else', async () => {
  const transport = await deployment.transportFor('someone else')
  const client = createClient({ transport, storage: memoryStore() })
  await expect(generateWallet(client)).rejects.toMatchObject({ code: 'CHANNEL_FAILED', retryable: false })
})
