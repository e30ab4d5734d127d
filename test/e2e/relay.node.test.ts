import { afterAll, describe, expect, test } from 'vitest'
import { sealedTransport } from '../../src/channel/index.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import {
  backupWallet,
  createClient,
  generateWallet,
  listSets,
  MpcError,
  recoverWallet,
  refreshShares,
  retireSet,
  sign,
  type Transport,
  type TransportRequest,
  type TransportResponse,
} from '../../src/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { createServer } from '../../src/server/index.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { inProcessTransport } from '../../src/transport/index.ts'
import { toHex, utf8 } from '../../src/util/bytes.ts'
import { plainMethod } from '../client/support/plain-method.ts'
import { memoryCustodian } from '../crash/support/world.ts'
import { signsForBothKeys } from '../support/e2e.ts'
import { seededRandom, type SeededRandom } from '../support/random.ts'

const key = generateKeyPair(seededRandom('server key'))
const database = pgliteDatabase()
const custodian = memoryCustodian()
let time = Date.UTC(2026, 0, 1)
const now = () => time
const servers = [0, 1].map(() =>
  createServer({
    database,
    custodian,
    authenticate: (request) => {
      const [, clientId] = /^Test (.+)$/.exec(request.headers.get('authorization') ?? '') ?? []
      return clientId === undefined ? undefined : { clientId }
    },
    masterKey: new Uint8Array(32).fill(3),
    channelKeys: [key.secretKey],
    requireSealed: true,
    limits: { rates: null },
    now,
  }),
)
afterAll(() => database.close())

/** Carries sealed requests to either server and does with them whatever it likes; it never reads one. */
function wildRelay(random: SeededRandom) {
  const kept: TransportRequest[] = []
  const deeds: Record<string, number> = {}
  const deliver = (request: TransportRequest): Promise<TransportResponse> =>
    inProcessTransport(random.pick(servers)).request({ ...request, body: request.body!.slice() })
  const lost = () => new MpcError('NETWORK_ERROR', 'the relay has lost it')
  const transport: Transport = {
    async request({ signal: _, ...request }) {
      kept.push({ ...request, body: request.body!.slice() })
      // Something that it has kept goes first, goes at the same time, or goes after it.
      const old = random.pick(kept)
      const deed = random.pick(['carries', 'carries', 'carries', 'drops it', 'drops the answer', 'sends it twice', 'sends both at once', 'sends an old one before', 'sends an old one after', 'gives the answer to an old one', 'holds it up', 'changes it', 'changes the answer']) // prettier-ignore
      deeds[deed] = (deeds[deed] ?? 0) + 1
      switch (deed) {
        case 'drops it':
          throw lost()
        case 'drops the answer':
          await deliver(request)
          throw lost()
        case 'sends it twice':
          await deliver(request)
          return deliver(request)
        case 'sends both at once':
          return (await Promise.all([deliver(request), deliver(request)]))[random.int(0, 1)]!
        case 'sends an old one before':
          await deliver(old)
          return deliver(request)
        case 'sends an old one after': {
          const answer = await deliver(request)
          await deliver(old)
          return answer
        }
        case 'gives the answer to an old one': {
          const other = kept.at(-2)
          await deliver(request)
          if (other === undefined) throw lost()
          // It opens for nobody, and is told as what it is: the app sees CHANNEL_FAILED and asks again.
          return deliver(other)
        }
        case 'holds it up':
          time += random.int(0, 40_000)
          return deliver(request)
        case 'changes it': {
          const body = request.body!.slice()
          body[random.int(0, body.length - 1)]! ^= 1 << random.int(0, 7)
          return deliver({ ...request, body })
        }
        case 'changes the answer': {
          const answer = await deliver(request)
          const body = answer.body.slice()
          body[random.int(0, body.length - 1)]! ^= 1 << random.int(0, 7)
          return { ...answer, body }
        }
        default:
          return deliver(request)
      }
    },
  }
  return { transport, kept, deeds, deliver }
}

const method = plainMethod()
const message = utf8('hello')

describe('a relay that drops, repeats, reorders, delays and changes sealed requests', () => {
  test.each([1, 2, 3])('costs nothing but time (%i)', { timeout: 120_000 }, async () => {
    const random = seededRandom()
    const clientId = `relayed-${toHex(random(6))}`
    const relay = wildRelay(random)
    const wait = async (delayMs: number) => {
      time += delayMs
    }
    const device = (label: string) => {
      const storage = memoryStore()
      const headers = { authorization: `Test ${clientId}` }
      const sealed = (transport: Transport) =>
        sealedTransport({ transport, serverKey: key.publicKey, storage, headers, random, now: () => time - 7_200_000 })
      const client = (transport: Transport) =>
        createClient({ transport: sealed(transport), storage, label, random, now, wait })
      return { wild: client(relay.transport), calm: client(inProcessTransport(servers[0]!)) }
    }
    /** What an app does: what is over by the relay's doing, it does again. */
    const insist = async <T>(act: () => Promise<T>): Promise<T> => {
      const codes: string[] = []
      for (let attempt = 0; attempt < 40; attempt++) {
        try {
          return await act()
        } catch (error) {
          const { code } = error as MpcError
          codes.push(code)
          const isOfTheRelay = ['CHANNEL_FAILED', 'NETWORK_ERROR', 'TIMEOUT', 'OPERATION_IN_PROGRESS'].includes(code)
          if (!isOfTheRelay) throw error
          time += 61_000
        }
      }
      throw new Error(`never done: ${codes.join(', ')}`)
    }

    const phone = device('phone')
    const laptop = device('laptop')
    const wallet = await insist(() => generateWallet(phone.wild))
    const walletId = wallet.id
    const backup = await insist(() => backupWallet(phone.wild, { walletId, method }))
    await insist(() => backup.confirm())
    await insist(() => sign(phone.wild, { walletId, scheme: 'ecdsa', digest: new Uint8Array(32).fill(7) }))
    const refreshed = await insist(() => refreshShares(phone.wild, { walletId }))
    await insist(() => sign(phone.wild, { walletId, scheme: 'ed25519', message }))
    const options = { cipherText: backup.cipherText, method, existingSets: 'keep' } as const
    const recovered = await insist(() => recoverWallet(laptop.wild, options))
    await insist(() => retireSet(laptop.wild, { walletId, setId: refreshed.setId }))

    // All that was ever sent, in another order. What was dropped comes late, and may still count; after that nothing does.
    const sets = async () => (await listSets(laptop.calm, { walletId })).map(({ setId, state }) => [setId, state])
    const copies = [...relay.kept]
    const deliverAll = async () => {
      for (let left = copies.length; left > 0; left--) {
        const [copy] = copies.splice(random.int(0, left - 1), 1)
        copies.push(copy!)
        await relay.deliver(copy!)
      }
    }
    await deliverAll()
    const before = await sets()
    for (const laterMs of [0, 400_000, 30 * 86_400_000]) {
      time += laterMs
      await deliverAll()
      expect(await sets()).toEqual(before)
    }
    await signsForBothKeys(laptop.calm, walletId, wallet.publicKeys, message)
    expect(before).toContainEqual([recovered.setId, 'ACTIVE'])
    expect(before).toContainEqual([refreshed.setId, 'DESTROYED'])
    // An app that did a refresh again may have another set besides: that one signs, and none that is over.
    const active = before.flatMap(([setId, state]) => (state === 'ACTIVE' ? [setId] : []))
    const last = await sign(phone.calm, { walletId, scheme: 'ed25519', message }).catch((error: MpcError) => error.code)
    expect(['SET_RETIRED', ...active]).toContain(typeof last === 'string' ? last : last.setId)
    expect(Object.keys(relay.deeds).length).toBeGreaterThan(5)
  })
})
