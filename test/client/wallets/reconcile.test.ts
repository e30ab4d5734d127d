import { describe, expect, test } from 'vitest'
import {
  generateWallet,
  getWallet,
  listWallets,
  MpcError,
  recoverWallet,
  refreshShares,
  sign,
  type Client,
  type Transport,
  type TransportRequest,
} from '../../../src/index.ts'
import { memoryStore } from '../../../src/storage/memory.ts'
import { fromHex, utf8 } from '../../../src/util/bytes.ts'
import { code } from '../../support/code.ts'
import { backedUp } from '../support/backed-up.ts'
import { stage } from '../support/devices.ts'
import { losingAnswers } from '../support/faults.ts'
import { plainMethod } from '../support/plain-method.ts'

const method = plainMethod()
const message = utf8('hello')
const signs = (client: Client, walletId: string) => sign(client, { walletId, scheme: 'ed25519', message })

/** Runs `work` before the request of a round is sent. */
function beforeRound(transport: Transport, round: number, work: () => Promise<void>): Transport {
  return {
    async request(request) {
      if (request.path.endsWith(`rounds/${round}`)) await work()
      return transport.request(request)
    },
  }
}

describe('a proof that the server has not heard', () => {
  test('is made up for at the next use: what was to be retired is', async () => {
    const { server, device, phone, wallet, walletId, cipherText } = await backedUp()
    const storage = memoryStore()
    let proofs = 0
    const deaf: Transport = {
      async request(request) {
        if (request.path.endsWith('rounds/1') && ++proofs === 2) throw new MpcError('NETWORK_ERROR', 'planted')
        return server.request(request)
      },
    }
    const recovery = recoverWallet(device('laptop', { storage, transport: deaf }), {
      cipherText,
      method,
      existingSets: 'retire',
    })
    await expect(recovery).rejects.toEqual(code('NETWORK_ERROR'))
    expect(server.sets.get(wallet.setId)?.state).toBe('ACTIVE')
    await signs(device('laptop', { storage }), walletId)
    expect(server.sets.get(wallet.setId)?.state).toBe('DESTROYED')
    await expect(signs(phone, walletId)).rejects.toEqual(code('SET_RETIRED'))
  })

  test('is owed by every new set, once', async () => {
    const { server, device } = stage()
    const client = device('phone')
    const { id: walletId, setId } = await generateWallet(client)
    expect(server.sets.get(setId)?.proven).toBe(false)
    await signs(client, walletId)
    expect(server.sets.get(setId)?.proven).toBe(true)
    server.log.length = 0
    await signs(client, walletId)
    expect(server.log).toHaveLength(1)
  })

  test('is found again where the answer to it was lost, and another set that was never proven is over', async () => {
    const { server, device } = stage()
    const storage = memoryStore()
    const { id: walletId, setId: first } = await generateWallet(device('phone', { storage }))
    await signs(device('phone', { storage }), walletId)
    // Two refreshes of one set: of the first the last answer is lost, of the second the proof.
    const cut = losingAnswers(server, ({ path }) => path.endsWith('rounds/3'))
    const phone = device('phone', { storage, transport: cut })
    await expect(refreshShares(phone, { walletId })).rejects.toEqual(code('NETWORK_ERROR'))
    const isProof = ({ body }: TransportRequest) => new TextDecoder().decode(body).includes('"kind":"prove"')
    const deaf: Transport = {
      async request(request) {
        if (!request.path.includes('/rounds/') || isProof(request)) throw new MpcError('NETWORK_ERROR', 'planted')
        return server.request(request)
      },
    }
    await expect(refreshShares(device('phone', { storage, transport: deaf }), { walletId })).rejects.toEqual(
      code('NETWORK_ERROR'),
    )
    const [second, third] = [...server.sets.keys()].filter((setId) => setId !== first) as [string, string]
    // The second proves itself, which ends the others on the server; nobody hears of it.
    let lost = false
    const losing: Transport = {
      async request(request) {
        const answer = await server.request(request)
        if (lost || !request.path.endsWith('rounds/2')) return answer
        lost = true
        server.sets.get(third)!.state = 'DESTROYED'
        throw new MpcError('NETWORK_ERROR', 'the answer was lost')
      },
    }
    const later = () => Date.now() + 121_000
    const next = device('phone', { storage, transport: losing, now: later })
    expect(await signs(next, walletId)).toMatchObject({ setId: second })
    expect(await storage.list('share/')).toEqual([`share/${second}`])
  })

  test('keeps nobody from using the set meanwhile', async () => {
    const { server, device, walletId, cipherText } = await backedUp()
    const storage = memoryStore()
    await recoverWallet(device('laptop', { storage }), { cipherText, method, existingSets: 'keep' })
    let rounds = 0
    const transport: Transport = {
      async request(request) {
        if (request.path.endsWith('rounds/1') && ++rounds === 1) throw new MpcError('POLICY_DENIED', 'planted')
        return server.request(request)
      },
    }
    await signs(device('laptop', { storage, transport }), walletId)
  })
})

describe('an operation that another tab is in the middle of', () => {
  test('is left alone: the other signs with the old set, and the new one comes to be', async () => {
    const { server, device } = stage()
    const storage = memoryStore()
    const other = device('tab', { storage })
    const { id: walletId, setId } = await generateWallet(other)
    const seen: string[] = []
    const transport = beforeRound(server, 3, async () => void seen.push((await signs(other, walletId)).setId))
    const wallet = await refreshShares(device('tab', { storage, transport }), { walletId })
    expect(seen).toEqual([setId])
    expect(server.log.filter((line) => line.endsWith('/abort'))).toEqual([])
    expect((await signs(other, walletId)).setId).toBe(wallet.setId)
  })

  test('is all there is of a wallet: OPERATION_IN_PROGRESS, and the list goes without it', async () => {
    const { server, device, walletId, cipherText } = await backedUp()
    const storage = memoryStore()
    const other = device('tab', { storage })
    const failures: unknown[] = []
    const transport = beforeRound(server, 3, async () => {
      failures.push(await signs(other, walletId).catch((error: unknown) => error))
      expect(await listWallets(other)).toEqual([])
    })
    const tab = device('tab', { storage, transport })
    const { setId } = await recoverWallet(tab, { cipherText, method, existingSets: 'keep' })
    expect(failures).toEqual([code('OPERATION_IN_PROGRESS')])
    expect((await getWallet(other, { walletId })).setId).toBe(setId)
  })

  test('and that was committed comes into use at once', async () => {
    const { server, device, walletId, cipherText } = await backedUp()
    const storage = memoryStore()
    const transport = losingAnswers(server, ({ path }) => path.endsWith('rounds/3'))
    const tab = device('tab', { storage, transport })
    const recovery = recoverWallet(tab, { cipherText, method, existingSets: 'keep' })
    await expect(recovery).rejects.toEqual(code('NETWORK_ERROR'))
    await signs(device('tab', { storage }), walletId)
    expect(server.log.filter((line) => line.endsWith('/abort'))).toEqual([])
  })

  test('is aborted by anybody once its time is over, and by its own client at once', async () => {
    for (const restarted of [true, false]) {
      const { server, device } = stage()
      const storage = memoryStore()
      let time = 1_000_000
      const now = () => time
      const { id: walletId } = await generateWallet(device('tab', { storage, now }))
      let cut = true
      const transport = beforeRound(server, 3, async () => {
        if (cut) throw new Error('the tab was closed')
      })
      const tab = device('tab', { storage, now, transport, timeoutMs: 5000 })
      await expect(refreshShares(tab, { walletId })).rejects.toMatchObject({ cause: new Error('the tab was closed') })
      cut = false
      expect(await storage.list('share/')).toHaveLength(2)
      const next = restarted ? device('tab', { storage, now }) : tab
      if (restarted) {
        time += 4999
        await signs(next, walletId)
        expect(await storage.list('share/')).toHaveLength(2)
        time += 1
      }
      await signs(next, walletId)
      expect(await storage.list('share/')).toHaveLength(1)
      expect(server.log.filter((line) => line.endsWith('/abort'))).toHaveLength(1)
    }
  })
})

describe('what was cut off while the device’s clock was wrong', () => {
  const DAY = 24 * 60 * 60_000

  test.each([
    ['a day ahead', DAY, 0],
    ['minutes ahead', 5 * 60_000, 15 * 60_000],
  ])('%s is settled when the clock is right, not when that time has come', async (_, ahead, later) => {
    const { server, device } = stage()
    const storage = memoryStore()
    let time = 1_800_000_000_000 + ahead
    const now = () => time
    const transport = beforeRound(server, 2, async () => {
      throw new Error('the tab was closed')
    })
    await expect(generateWallet(device('tab', { storage, now, transport }))).rejects.toThrow()
    expect(await storage.list('share/')).toHaveLength(1)
    time += later - ahead
    expect(await listWallets(device('tab', { storage, now }))).toEqual([])
    expect(await storage.list('share/')).toEqual([])
  })

  test('ahead by an action that may take very long is over with the server’s operation', async () => {
    const { server, device } = stage()
    const storage = memoryStore()
    let time = 1_800_000_000_000
    const now = () => time
    const transport = beforeRound(server, 2, async () => {
      throw new Error('the tab was closed')
    })
    const tab = device('tab', { storage, now, transport, timeoutMs: DAY })
    await expect(generateWallet(tab)).rejects.toThrow()
    time += 10 * 60_000 - 1
    const next = device('tab', { storage, now })
    expect(await listWallets(next)).toEqual([])
    expect(await storage.list('share/')).toHaveLength(1)
    time += 1
    expect(await listWallets(next)).toEqual([])
    expect(await storage.list('share/')).toEqual([])
  })
})

describe('public keys that the app expects', () => {
  test('are compared before any message', async () => {
    const { server, device, wallet, cipherText } = await backedUp()
    const [secp256k1, ed25519] = [wallet.publicKeys.secp256k1, wallet.publicKeys.ed25519]
    const laptop = device('laptop')
    server.log.length = 0
    for (const publicKeys of [
      { secp256k1: Uint8Array.from(secp256k1, (byte, i) => (i === 0 ? byte ^ 1 : byte)), ed25519 },
      { secp256k1, ed25519: fromHex('11'.repeat(32)) },
    ]) {
      const recovery = recoverWallet(laptop, { cipherText, method, existingSets: 'keep', publicKeys })
      await expect(recovery).rejects.toEqual(code('BACKUP_OTHER_WALLET'))
    }
    expect(server.log).toEqual([])
    const short = { secp256k1: secp256k1.slice(1), ed25519 }
    const refused = recoverWallet(laptop, { cipherText, method, existingSets: 'keep', publicKeys: short })
    await expect(refused).rejects.toThrow(RangeError)
    await recoverWallet(laptop, { cipherText, method, existingSets: 'keep', publicKeys: wallet.publicKeys })
  })
})
