import { describe, expect, test } from 'vitest'
import {
  backupWallet,
  generateWallet,
  getWallet,
  listWallets,
  recoverWallet,
  refreshShares,
  sign,
  type Client,
  type ShareStore,
  type Transport,
} from '../../src/index.ts'
import { createClient } from '../../src/client/client.ts'
import { memoryStore } from '../../src/storage/memory.ts'
import { toHex, utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { code } from '../support/code.ts'
import { stage } from './support/devices.ts'
import { losingAnswers, spoilingAnswers, watchedTransport } from './support/faults.ts'
import { plainMethod } from './support/plain-method.ts'

const method = plainMethod()
const message = utf8('hello')

async function contents(store: ShareStore): Promise<string[]> {
  return Promise.all((await store.list('share/')).map(async (key) => `${key} ${toHex((await store.read(key))!.value)}`))
}

/** A transport that never answers after its first `answered` answers. */
function hanging(transport: Transport, answered: number): Transport & { readonly hung: Promise<void> } {
  let tell = () => {}
  const hung = new Promise<void>((resolve) => (tell = resolve))
  let count = 0
  return {
    hung,
    request: (request) => {
      if (count++ < answered) return transport.request(request)
      tell()
      return new Promise(() => {})
    },
  }
}

type Flow = readonly [name: string, requests: number, run: (client: Client, options: object) => Promise<unknown>]

async function prepared() {
  const { server, device } = stage()
  const storage = memoryStore()
  const phone = device('phone', { storage })
  const { id: walletId } = await generateWallet(phone)
  const { cipherText, confirm } = await backupWallet(phone, { walletId, method })
  await confirm()
  // The rounds before the one with the last message: an abort within them leaves everything as it was.
  const flows: readonly Flow[] = [
    ['generate', 1, (client, options) => generateWallet(client, options)],
    ['backup', 2, (client, options) => backupWallet(client, { walletId, method, ...options })],
    [
      'recover',
      2,
      (client, options) => recoverWallet(client, { cipherText, method, existingSets: 'retire', ...options }),
    ],
    ['refresh', 2, (client, options) => refreshShares(client, { walletId, ...options })],
    ['sign', 1, (client, options) => sign(client, { walletId, scheme: 'ed25519', message, ...options })],
  ]
  return { server, storage, walletId, cipherText, flows, random: seededRandom('devices') }
}

describe('an action that is aborted', () => {
  test('before it begins does nothing', async () => {
    const { server, storage, flows, random } = await prepared()
    const before = [server.log.length, await contents(storage)]
    for (const [, , run] of flows) {
      const attempt = run(createClient({ repeats: false, transport: server, storage, random }), {
        signal: AbortSignal.abort('no'),
      })
      await expect(attempt).rejects.toMatchObject({ code: 'ABORTED', retryable: false, cause: 'no' })
    }
    expect([server.log.length, await contents(storage)]).toEqual(before)
  })

  test('before the decision leaves everything as it was', async () => {
    const { server, storage, walletId, flows, random } = await prepared()
    const shares = await contents(storage)
    const sets = [...server.sets].map(([setId, { state }]) => [setId, state])
    for (const [name, requests, run] of flows) {
      for (let answered = 0; answered < requests; answered++) {
        const transport = hanging(server, answered)
        const stop = new AbortController()
        const attempt = run(createClient({ repeats: false, transport, storage, random }), { signal: stop.signal })
        await Promise.race([transport.hung, attempt])
        stop.abort()
        await expect(attempt, `${name} after ${answered} answers`).rejects.toEqual(code('ABORTED'))
        expect(await contents(storage)).toEqual(shares)
        expect([...server.sets].map(([setId, { state }]) => [setId, state])).toEqual(sets)
      }
    }
    const phone = createClient({ repeats: false, transport: server, storage, random })
    await sign(phone, { walletId, scheme: 'ed25519', message })
  })

  test('within a step that is slow on this device', async () => {
    const { server, storage, walletId, random } = await prepared()
    const stop = new AbortController()
    const slow = plainMethod('secret', {
      seal: () => {
        stop.abort()
        return new Promise(() => {})
      },
    })
    const sets = server.sets.size
    const attempt = backupWallet(createClient({ repeats: false, transport: server, storage, random }), {
      walletId,
      method: slow,
      signal: stop.signal,
    })
    await expect(attempt).rejects.toEqual(code('ABORTED'))
    expect(server.sets.size).toBe(sets)
  })

  test('after the decision is finished at the next use', async () => {
    const { server, storage, walletId, random } = await prepared()
    const [before] = await listWallets(createClient({ repeats: false, transport: server, storage, random }))
    const stop = new AbortController()
    const transport = watchedTransport(server, (point) => {
      if (point.startsWith('after') && point.endsWith('rounds/3')) stop.abort()
    })
    const attempt = refreshShares(createClient({ repeats: false, transport, storage, random }), {
      walletId,
      signal: stop.signal,
    })
    await expect(attempt).rejects.toEqual(code('ABORTED'))
    expect((await storage.list('share/')).length).toBe(2)

    const phone = createClient({ repeats: false, transport: server, storage, random })
    const wallet = await getWallet(phone, { walletId })
    expect(wallet.setId).not.toBe(before!.setId)
    expect(await storage.list('share/')).toEqual([`share/${wallet.setId}`])
    expect(server.sets.get(before!.setId)!.state).toBe('DESTROYED')
    expect(await sign(phone, { walletId, scheme: 'ed25519', message })).toMatchObject({ setId: wallet.setId })
  })
})

describe('an action that takes too long', () => {
  test('ends with TIMEOUT', async () => {
    const { server, storage, flows, random } = await prepared()
    for (const [, , run] of flows) {
      const client = createClient({ repeats: false, transport: hanging(server, 0), storage, random })
      await expect(run(client, { timeoutMs: 1 })).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true })
      const impatient = createClient({ repeats: false, transport: hanging(server, 0), storage, random, timeoutMs: 1 })
      await expect(run(impatient, {})).rejects.toEqual(code('TIMEOUT'))
    }
  })
})

describe.each([
  ['lost', losingAnswers, 'NETWORK_ERROR'],
  ['unreadable', spoilingAnswers, 'MALFORMED_RESPONSE'],
] as const)('a response that is %s', (_, faulty, failed) => {
  const lastRound = (round: number) => (request: { path: string }) => request.path.endsWith(`rounds/${round}`)

  test('to the last message of a generation: the wallet is found', async () => {
    const { server, random } = await prepared()
    const storage = memoryStore()
    const cut = createClient({ repeats: false, transport: faulty(server, lastRound(2)), storage, random })
    await expect(generateWallet(cut)).rejects.toEqual(code(failed))
    const phone = createClient({ repeats: false, transport: server, storage, random })
    const [wallet] = await listWallets(phone)
    await sign(phone, { walletId: wallet!.id, scheme: 'bip340', message })
  })

  test('to the last message of a refresh: the old set signs until the server can be asked', async () => {
    const { server, storage, walletId, random } = await prepared()
    const [before] = await listWallets(createClient({ repeats: false, transport: server, storage, random }))
    const cut = createClient({ repeats: false, transport: faulty(server, lastRound(3)), storage, random })
    await expect(refreshShares(cut, { walletId })).rejects.toEqual(code(failed))

    const deaf = faulty(server, ({ path }) => /^\/v1\/sets\/|\/abort$/.test(path))
    const half = createClient({ repeats: false, transport: deaf, storage, random })
    expect(await sign(half, { walletId, scheme: 'ed25519', message })).toMatchObject({ setId: before!.setId })

    const phone = createClient({ repeats: false, transport: server, storage, random })
    expect((await sign(phone, { walletId, scheme: 'ed25519', message })).setId).not.toBe(before!.setId)
    expect(server.sets.get(before!.setId)!.state).toBe('DESTROYED')
  })

  test('to any message before the last: nothing has changed', async () => {
    const { server, storage, walletId, random } = await prepared()
    const shares = await contents(storage)
    for (const round of [1, 2]) {
      const cut = createClient({ repeats: false, transport: faulty(server, lastRound(round)), storage, random })
      await expect(refreshShares(cut, { walletId })).rejects.toEqual(code(failed))
      expect(await contents(storage)).toEqual(shares)
    }
  })

  test('to a message before the last is not waited for once more: the abort is sent, and nobody waits for it', async () => {
    const { server, storage, walletId, random } = await prepared()
    const cut = faulty(server, lastRound(1))
    let aborts = 0
    const hanging: Transport = {
      request: (request) => {
        if (!request.path.endsWith('/abort')) return cut.request(request)
        aborts++
        return new Promise(() => {})
      },
    }
    const phone = createClient({ repeats: false, transport: hanging, storage, random })
    const started = Date.now()
    await expect(refreshShares(phone, { walletId })).rejects.toEqual(code(failed))
    expect(aborts).toBe(1)
    expect(Date.now() - started).toBeLessThan(4_000)
  })
})
