import { describe, expect, test } from 'vitest'
import {
  backupWallet,
  generateWallet,
  MpcError,
  recoverWallet,
  refreshShares,
  removeShare,
  resume,
  sign,
  type Client,
  type ShareStore,
  type Transport,
} from '../../../src/index.ts'
import { memoryStore } from '../../../src/storage/memory.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { code } from '../../support/code.ts'
import { stage } from '../support/devices.ts'
import { losingAnswers } from '../support/faults.ts'
import { plainMethod } from '../support/plain-method.ts'

const method = plainMethod()
const signs = (client: Client, walletId: string) =>
  sign(client, { walletId, scheme: 'ed25519', message: utf8('hello') })
const offline: Transport = {
  request: () => Promise.reject(new MpcError('NETWORK_ERROR', 'planted')),
}

/** A store that fails at the first change of a key that begins with `prefix`, and has made it or not. */
function cutOff(store: ShareStore, prefix: string, when: 'before' | 'after'): ShareStore {
  let cut = false
  const change = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    if (cut) throw new Error('the process has ended')
    cut = key.startsWith(prefix)
    if (cut && when === 'before') throw new Error('the process ends')
    const result = await work()
    if (cut) throw new Error('the process ends')
    return result
  }
  return {
    ...store,
    write: (key, value, version) => change(key, () => store.write(key, value, version)),
    delete: (key) => change(key, () => store.delete(key)),
  }
}

describe('resume', () => {
  test('has nothing to say of a device that knows no wallet, and asks nobody', async () => {
    const { server, device } = stage()
    expect(await resume(device())).toEqual([])
    expect(server.log).toEqual([])
  })

  test('makes up for a proof, and does nothing the second time', async () => {
    const { server, device } = stage()
    const client = device()
    const wallet = await generateWallet(client)
    const ready = [{ walletId: wallet.id, outcome: 'READY', wallet }]
    expect(await resume(client)).toEqual(ready)
    expect(server.sets.get(wallet.setId)?.proven).toBe(true)
    server.log.length = 0
    expect(await resume(client)).toEqual(ready)
    expect(server.log).toEqual([])
  })

  test('finishes what the server has committed', async () => {
    const { server, device } = stage()
    const storage = memoryStore()
    const { id: walletId, setId } = await generateWallet(device('phone', { storage }))
    await signs(device('phone', { storage }), walletId)
    const transport = losingAnswers(server, ({ path }) => path.endsWith('rounds/3'))
    const deaf = device('phone', { storage, transport })
    await expect(refreshShares(deaf, { walletId })).rejects.toEqual(code('NETWORK_ERROR'))

    const [report] = await resume(device('phone', { storage, now: () => Date.now() + 121_000 }))
    expect(report).toMatchObject({ walletId, outcome: 'READY' })
    expect(server.sets.get(setId)?.state).toBe('DESTROYED')
    expect((await storage.list('share/')).length).toBe(1)
  })

  test('leaves what another tab is at, says so, and finishes it later', async () => {
    const { server, device } = stage()
    const storage = memoryStore()
    const tab = device('phone', { storage })
    const { id: walletId, setId } = await generateWallet(tab)
    await signs(tab, walletId)
    const lost: Transport = {
      request: async (request) => {
        if (request.path.endsWith('rounds/3') || request.path.endsWith('abort')) return offline.request(request)
        return server.request(request)
      },
    }
    await expect(refreshShares(device('phone', { storage, transport: lost }), { walletId })).rejects.toEqual(
      code('NETWORK_ERROR'),
    )
    const [pending] = await resume(tab)
    expect(pending).toMatchObject({ outcome: 'PENDING', wallet: { setId }, error: { code: 'OPERATION_IN_PROGRESS' } })
    const [ready] = await resume(device('phone', { storage, now: () => Date.now() + 121_000 }))
    expect(ready).toMatchObject({ outcome: 'READY', wallet: { setId } })
    expect(await storage.list('share/')).toEqual([`share/${setId}`])
  })

  test('lets no wallet hide another', async () => {
    const { device } = stage()
    const storage = memoryStore()
    const client = device('phone', { storage })
    const wallets = [await generateWallet(client), await generateWallet(client), await generateWallet(client)]
    const [damaged, removed, good] = wallets.map(({ id }) => id).sort() as [string, string, string]
    const { version } = (await storage.read(`wallet/${damaged}`))!
    await storage.write(`wallet/${damaged}`, new Uint8Array(3), version)
    await removeShare(client, { walletId: removed })
    expect(await resume(client)).toEqual([
      { walletId: damaged, outcome: 'FAILED', error: code('SHARE_PARSING_FAILED') },
      { walletId: removed, outcome: 'NO_SHARE' },
      { walletId: good, outcome: 'READY', wallet: expect.objectContaining({ id: good }) },
    ])
    // The damaged record may name any share: none is taken for an orphan.
    expect(await storage.list('share/')).toHaveLength(2)
  })

  test('asks for a few wallets at a time, and reports all in order', async () => {
    const { server, device } = stage()
    const storage = memoryStore()
    const client = device('phone', { storage })
    const ids: string[] = []
    for (let i = 0; i < 20; i++) ids.push((await generateWallet(client)).id)
    let [open, most] = [0, 0]
    const transport: Transport = {
      async request(request) {
        most = Math.max(most, ++open)
        await Promise.resolve()
        return server.request(request).finally(() => open--)
      },
    }
    const reports = await resume(device('phone', { storage, transport }))
    expect(reports.map(({ walletId, outcome }) => `${walletId} ${outcome}`)).toEqual(
      ids.sort().map((id) => `${id} READY`),
    )
    expect(most).toBeGreaterThan(1)
    // Node warns of eleven listeners of one signal.
    expect(most).toBeLessThan(11)
  })

  test('offline, says what could not be done, and that the wallet signs', async () => {
    const { device } = stage()
    const storage = memoryStore()
    const wallet = await generateWallet(device('phone', { storage }))
    expect(await resume(device('phone', { storage, transport: offline }))).toEqual([
      { walletId: wallet.id, outcome: 'PENDING', wallet, error: code('NETWORK_ERROR') },
    ])
  })

  test('ends when its caller aborts', async () => {
    const { server, device } = stage()
    const storage = memoryStore()
    await generateWallet(device('phone', { storage }))
    const controller = new AbortController()
    const transport: Transport = {
      request: (request) => {
        controller.abort()
        return server.request(request)
      },
    }
    const resumed = resume(device('phone', { storage, transport }), { signal: controller.signal })
    await expect(resumed).rejects.toEqual(code('ABORTED'))
    await expect(resume(device(), null as never)).rejects.toThrow(TypeError)
  })
})

describe('a share that no record names', () => {
  test.each([
    ['share/', 'after'],
    ['ot/', 'after'],
    ['wallet/', 'before'],
  ] as const)('is deleted by resume, cut off at %s, %s', async (prefix, when) => {
    const { server, device } = stage()
    const storage = memoryStore()
    const client = device('phone', { storage })
    const { id: walletId } = await generateWallet(client)
    await signs(client, walletId)
    const before = await storage.list('')
    const dying = device('phone', { storage: cutOff(storage, prefix, when) })
    await expect(refreshShares(dying, { walletId })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('the process') },
    })
    expect((await storage.list('')).length).toBeGreaterThan(before.length)

    expect(await resume(client)).toMatchObject([{ walletId, outcome: 'READY' }])
    expect(await storage.list('')).toEqual(before)
    await signs(client, walletId)
    expect(server.sets.size).toBeGreaterThan(0)
  })

  test.each(['before', 'after'] as const)('is deleted the next time, cut off %s its own claim', async (when) => {
    const { device } = stage()
    const storage = memoryStore()
    const client = device('phone', { storage })
    await generateWallet(client)
    const before = await storage.list('')
    await storage.write(`share/${'ab'.repeat(32)}`, new Uint8Array(4), null)
    await resume(device('phone', { storage: cutOff(storage, `share/`, when) })).catch(() => undefined)
    expect(await storage.list('discard/')).toHaveLength(1)
    await resume(client)
    expect(await storage.list('')).toEqual(before)
  })

  test('stays if its note is made while resume is about to delete it, or the one who made it starts again', async () => {
    const { device } = stage()
    const phone = device('phone')
    const { id: walletId } = await generateWallet(phone)
    const { cipherText } = await backupWallet(phone, { walletId, method })
    // A recovery and a resume on one store, by all ways in which the resume may come between two of its changes.
    for (let turn = 1; turn <= 5; turn++) {
      const storage = memoryStore()
      const other = device('tablet', { storage })
      let changes = 0
      const watched: ShareStore = {
        ...storage,
        write: async (key, value, version) => {
          const written = await storage.write(key, value, version)
          if (++changes === turn) await resume(other)
          return written
        },
      }
      const tablet = device('tablet', { storage: watched })
      const recovered = await recoverWallet(tablet, { cipherText, method, existingSets: 'keep' }).catch(
        (error: unknown) => error,
      )
      if (recovered instanceof MpcError) {
        expect(recovered).toEqual(expect.objectContaining({ retryable: true }))
        expect(await storage.list('share/')).toEqual([])
        await recoverWallet(other, { cipherText, method, existingSets: 'keep' })
      }
      await signs(other, walletId)
    }
  })
})
