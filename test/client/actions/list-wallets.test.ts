import { describe, expect, test } from 'vitest'
import {
  generateWallet,
  getWallet,
  listWallets,
  MpcError,
  removeShare,
  resume,
  sign,
  type Transport,
  type Wallet,
} from '../../../src/index.ts'
import { memoryStore } from '../../../src/storage/memory.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { stage } from '../support/devices.ts'
import { losingAnswers } from '../support/faults.ts'

const message = utf8('hello')

/** A device with some wallets, and a server that answers for those alone that `knows` lets through. */
async function household(count: number, knows: (request: { path: string; body?: Uint8Array }) => unknown) {
  const { server, device } = stage()
  const storage = memoryStore()
  const wallets: Wallet[] = []
  for (let i = 0; i < count; i++) wallets.push(await generateWallet(device('phone', { storage })))
  const transport: Transport = {
    async request(request) {
      const trouble = knows(request)
      if (trouble instanceof Error) throw trouble
      if (trouble instanceof Promise) return trouble as Promise<never>
      return server.request(request)
    },
  }
  const order = (await storage.list('wallet/')).map((key) => key.slice('wallet/'.length))
  return { server, device, storage, transport, wallets: order.map((id) => wallets.find((wallet) => wallet.id === id)!) }
}

const names = (request: { body?: Uint8Array }, { setId }: Wallet) =>
  request.body !== undefined && new TextDecoder().decode(request.body).includes(setId)

describe('a wallet that the server does not know any more', () => {
  test('hides no other from the list, and is told', async () => {
    const lost = new Set<Wallet>()
    const { device, storage, transport, wallets } = await household(3, (request) =>
      [...lost].some((wallet) => names(request, wallet)) ? new MpcError('AUTH_FAILED', 'restored') : undefined,
    )
    const stale = wallets[0]!
    lost.add(stale)
    const client = device('phone', { storage, transport })
    const told: unknown[] = []
    const listed = await listWallets(client, { onFailed: (...report) => told.push(report) })
    expect(listed).toEqual(wallets.slice(1))
    expect(told).toEqual([[stale.id, expect.objectContaining({ code: 'AUTH_FAILED' })]])
    expect(await listWallets(client)).toEqual(listed)
    const reports = await resume(client)
    expect(reports.map(({ walletId, outcome }) => [walletId, outcome])).toEqual(
      wallets.map(({ id }, i) => [id, i === 0 ? 'FAILED' : 'READY']),
    )
    await expect(getWallet(client, { walletId: stale.id })).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    expect(await getWallet(client, { walletId: wallets[1]!.id })).toEqual(wallets[1])
  })

  test('is what the list fails with if it is all there is: nobody takes the device for a new one', async () => {
    const { device, storage, transport, wallets } = await household(2, () => new MpcError('AUTH_FAILED', 'restored'))
    const client = device('phone', { storage, transport })
    await expect(listWallets(client)).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    await removeShare(client, { walletId: wallets[0]!.id })
    await expect(listWallets(client)).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    await removeShare(client, { walletId: wallets[1]!.id })
    expect(await listWallets(client)).toEqual([])
  })

  test('a callback that is told of it and fails changes nothing', async () => {
    const { device, storage, transport, wallets } = await household(2, () => undefined)
    const { version } = (await storage.read(`wallet/${wallets[0]!.id}`))!
    await storage.write(`wallet/${wallets[0]!.id}`, new Uint8Array(3), version)
    const errors: unknown[] = []
    const client = device('phone', { storage, transport, onError: (error) => errors.push(error) })
    const onFailed = () => {
      throw new Error('broken list')
    }
    expect(await listWallets(client, { onFailed })).toEqual([wallets[1]])
    expect(errors).toEqual([new Error('broken list')])
    await expect(listWallets(client, { onFailed: 5 as never })).rejects.toThrow(TypeError)
  })
})

describe('a wallet that is settled for ever', () => {
  test('keeps no other waiting: the list comes after ten seconds, whatever the server does', async () => {
    const { server, device } = stage()
    const storage = memoryStore()
    const good = await generateWallet(device('phone', { storage }))
    await sign(device('phone', { storage }), { walletId: good.id, scheme: 'ed25519', message })
    const cut = losingAnswers(server, ({ path }) => path.endsWith('rounds/2'))
    await expect(generateWallet(device('phone', { storage, transport: cut }))).rejects.toMatchObject({
      code: 'NETWORK_ERROR',
    })
    let time = Date.now() + 200_000
    let waited = 0
    const wait = async (delayMs: number) => {
      time += delayMs
      waited += delayMs
    }
    const down: Transport = { request: async () => ({ status: 503, body: new Uint8Array() }) }
    const options = { storage, transport: down, repeats: true, wait, now: () => time }
    const told: unknown[] = []
    expect(await listWallets(device('phone', options), { onFailed: (_, error) => told.push(error.code) })).toEqual([
      good,
    ])
    expect(told).toEqual(['NETWORK_ERROR'])
    expect(waited).toBeLessThan(10_000)
    expect(waited).toBeGreaterThan(3_000)
    waited = 0
    const outcomes = (await resume(device('phone', options))).map(({ outcome }) => outcome)
    expect(outcomes.sort()).toEqual(['FAILED', 'READY'])
    expect(waited).toBeLessThan(10_000)
    expect(await listWallets(device('phone', { storage, now: () => time }))).toHaveLength(2)
  })
})

describe('a proof that the server does not take now', () => {
  test.each([
    'RATE_LIMITED',
    'OPERATION_IN_PROGRESS',
    'TIMEOUT',
    'NETWORK_ERROR',
    'MALFORMED_RESPONSE',
    'POLICY_DENIED',
  ] as const)('with %s keeps nobody from signing', async (code) => {
    const { server, device } = stage()
    const storage = memoryStore()
    const { id: walletId } = await generateWallet(device('phone', { storage }))
    const transport: Transport = {
      async request(request) {
        const isProof = request.body !== undefined && new TextDecoder().decode(request.body).includes('"kind":"prove"')
        if (isProof) throw new MpcError(code, 'not now')
        return server.request(request)
      },
    }
    const client = device('phone', { storage, transport })
    await sign(client, { walletId, scheme: 'ed25519', message })
    expect(await listWallets(client)).toHaveLength(1)
    expect(await resume(client)).toMatchObject([{ outcome: 'PENDING', error: { code } }])
  })
})
