import { armor } from 'age-encryption'
import { describe, expect, test, vi } from 'vitest'
import { cloudKey, memoryCloudKey, openBackup, sealBackup, type CloudKeyStorage } from '../../src/backup/index.ts'
import { MpcError } from '../../src/errors.ts'
import { hybrid } from '../../src/backup/post-quantum.ts'
import { readHeader } from '../../src/backup/manifest.ts'
import { seededRandom } from '../support/random.ts'
import { codeOf, forge, record } from './fixtures.ts'
import { Stanza } from 'age-encryption'

const random = seededRandom()

/** A storage that shows what it holds, and that copies nothing. */
function openStorage(): CloudKeyStorage & { keys: Map<string, Uint8Array> } {
  const keys = new Map<string, Uint8Array>()
  return {
    keys,
    probe: async () => {},
    read: async (id) => keys.get(id),
    write: async (id, bytes) => void keys.set(id, bytes),
    delete: async (id) => void keys.delete(id),
  }
}

describe('cloud key', () => {
  test.each([
    ['hybrid', hybrid, /^AGE-SECRET-KEY-PQ-1/, ['mlkem768x25519']],
    ['X25519, the default,', undefined, /^AGE-SECRET-KEY-1/, ['X25519']],
  ])('of kind %s is kept as an age identity under the id that the file names', async (_, kind, form, types) => {
    const storage = openStorage()
    const method = cloudKey({ provider: 'GDRIVE', storage, ...(kind && { kind }) })
    const original = record(random)
    const cipherText = await sealBackup({ record: original, methods: [method] })
    const { stanzas } = readHeader(armor.decode(cipherText))
    expect(stanzas.map(([type]) => type)).toEqual([...types, 'reshare/v1/cloud-key'])
    const [[id, key] = ['', new Uint8Array()], ...more] = [...storage.keys]
    expect(more).toEqual([])
    expect(stanzas.at(-1)).toEqual(['reshare/v1/cloud-key', 'GDRIVE', id])
    expect(new TextDecoder().decode(key)).toMatch(form)
    // Twice: a storage that gives its own copy away keeps it whole.
    for (let i = 0; i < 2; i++) expect(await openBackup({ cipherText, methods: [method] })).toEqual(original)
  })

  test('never touches a key that is there: backups made at the same time all open', async () => {
    const storage = memoryCloudKey()
    const makers = () => cloudKey({ provider: 'ICLOUD', storage })
    const originals = Array.from({ length: 5 }, () => record(random))
    const sealed = await Promise.all(originals.map((original) => sealBackup({ record: original, methods: [makers()] })))
    for (const [i, cipherText] of sealed.entries()) {
      expect(await openBackup({ cipherText, methods: [makers()] })).toEqual(originals[i])
    }
  })

  test('a key that the storage does not give back seals nothing', async () => {
    for (const read of [async () => undefined, async () => new Uint8Array(74)]) {
      const storage = { ...openStorage(), read }
      const method = cloudKey({ provider: 'GDRIVE', storage })
      expect(await codeOf(sealBackup({ record: record(random), methods: [method] }))).toBe('STORAGE_UNAVAILABLE')
    }
  })

  test('a storage that fails is STORAGE_UNAVAILABLE, with its reason', async () => {
    const reason = new Error('quota of the API')
    for (const step of ['probe', 'write', 'read'] as const) {
      const storage = { ...openStorage(), [step]: () => Promise.reject(reason) }
      const method = cloudKey({ provider: 'GDRIVE', storage })
      const work = step === 'probe' ? method.probe() : sealBackup({ record: record(random), methods: [method] })
      await expect(work).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', cause: reason })
    }
  })

  test('a damaged key is DECRYPT_FAILED, and the error does not repeat it', async () => {
    const storage = openStorage()
    const method = cloudKey({ provider: 'GDRIVE', storage })
    const cipherText = await sealBackup({ record: record(random), methods: [method] })
    const [id = '', good = new Uint8Array()] = [...storage.keys][0] ?? []
    for (const bytes of [
      good.slice(0, -1),
      good.slice().fill(0xff, 40),
      new Uint8Array(0),
      // Another character of the same alphabet.
      good.slice().fill(good[20] === 65 ? 67 : 65, 20, 21),
    ]) {
      storage.keys.set(id, bytes)
      const error = await openBackup({ cipherText, methods: [method] }).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'DECRYPT_FAILED', message: expect.stringContaining('damaged') })
      expect((error as Error).cause).toBeUndefined()
      expect(String((error as Error).stack)).not.toContain(new TextDecoder().decode(good).slice(20, 40))
    }
    storage.keys.delete(id)
    expect(await codeOf(openBackup({ cipherText, methods: [method] }))).toBe('DECRYPT_FAILED')
  })

  test('asks the storage for nothing but its own ids', async () => {
    const storage = openStorage()
    const read = vi.spyOn(storage, 'read')
    const id = '0123456789abcdef'.repeat(2)
    const stanzas = [
      ['GDRIVE', '../../etc/passwd'],
      ['GDRIVE', id.toUpperCase()],
      ['GDRIVE', id.slice(1)],
      ['ICLOUD', id],
      ['GDRIVE', id, 'more'],
      ['GDRIVE'],
      ['GDRIVE', id],
    ].map((args) => new Stanza(['reshare/v1/cloud-key', ...args], new Uint8Array(0)))
    const cipherText = await forge(['GDRIVE'], () => stanzas, record(random))
    const method = cloudKey({ provider: 'GDRIVE', storage })
    expect(await codeOf(openBackup({ cipherText, methods: [method] }))).toBe('DECRYPT_FAILED')
    expect(read.mock.calls.map(([asked]) => asked)).toEqual([id])
  })

  test('opens no more than four keys of a file, each once', async () => {
    const idOf = (i: number) => i.toString(16).padStart(32, '0')
    const read = vi.fn(async () => undefined)
    const method = cloudKey({ provider: 'GDRIVE', storage: { ...openStorage(), read } })
    const open = (ids: readonly string[]) => {
      const stanzas = ids.map((id) => new Stanza(['reshare/v1/cloud-key', 'GDRIVE', id], new Uint8Array(0)))
      return forge(['GDRIVE'], () => stanzas, record(random)).then((cipherText) =>
        codeOf(openBackup({ cipherText, methods: [method] })),
      )
    }
    expect(await open([0, 1, 2, 3, 4].map(idOf))).toBe('BACKUP_CORRUPT')
    expect(read).not.toHaveBeenCalled()
    expect(await open([0, 1, 2, 3, 3, 0].map(idOf))).toBe('DECRYPT_FAILED')
    expect(read).toHaveBeenCalledTimes(4)
  })

  test('opens a file for four accounts of a provider, and no file is sealed for five', async () => {
    const account = () => cloudKey({ provider: 'GDRIVE', storage: memoryCloudKey() })
    const methods = Array.from({ length: 4 }, account)
    const original = record(random)
    const cipherText = await sealBackup({ record: original, methods })
    for (const method of methods) expect(await openBackup({ cipherText, methods: [method] })).toEqual(original)
    const sealing = sealBackup({ record: original, methods: [...methods, account()] })
    expect(await codeOf(sealing)).toBe('BACKUP_CORRUPT')
  })

  test('that was not sealed to is deleted, and the error is the first one', async () => {
    const reason = new Error('first')
    const deleted: unknown[] = []
    for (const step of ['write', 'read'] as const) {
      const storage: CloudKeyStorage = {
        ...openStorage(),
        [step]: () => Promise.reject(reason),
        delete: async (id) => (deleted.push(id), Promise.reject(new Error('second'))),
      }
      const method = cloudKey({ provider: 'GDRIVE', storage })
      await expect(sealBackup({ record: record(random), methods: [method] })).rejects.toMatchObject({ cause: reason })
    }
    expect(deleted).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.stringMatching(/^[0-9a-f]{32}$/)])
  })

  test('of another writer is not deleted', async () => {
    const storage = { ...openStorage(), delete: vi.fn() }
    storage.write = () => Promise.reject(new MpcError('STORAGE_CONFLICT', 'there is one'))
    const method = cloudKey({ provider: 'GDRIVE', storage })
    expect(await codeOf(sealBackup({ record: record(random), methods: [method] }))).toBe('STORAGE_CONFLICT')
    expect(storage.delete).not.toHaveBeenCalled()
  })

  test.each(['write', 'read'] as const)(
    'is deleted if the caller aborts during %s, who does not wait',
    async (step) => {
      const good = openStorage()
      const controller = new AbortController()
      let finish = () => {}
      const mayEnd = new Promise<void>((resolve) => (finish = resolve))
      const storage: CloudKeyStorage = {
        ...good,
        [step]: async (id: string, bytes: Uint8Array) => {
          const result = await good[step](id, bytes)
          controller.abort()
          return result
        },
        async delete(id, options) {
          expect(options?.signal?.aborted).toBe(false)
          await mayEnd
          await good.delete(id)
        },
      }
      const method = cloudKey({ provider: 'GDRIVE', storage })
      const { signal } = controller
      expect(await codeOf(sealBackup({ record: record(random), methods: [method], signal }))).toBe('ABORTED')
      expect(good.keys.size).toBe(1)
      finish()
      await vi.waitFor(() => expect(good.keys.size).toBe(0))
    },
  )

  test('is deleted for ten seconds at most', async () => {
    vi.useFakeTimers()
    try {
      let given: AbortSignal | undefined
      const storage: CloudKeyStorage = {
        ...openStorage(),
        read: async () => undefined,
        delete: (_, options) => ((given = options?.signal), new Promise(() => {})),
      }
      const method = cloudKey({ provider: 'GDRIVE', storage })
      const code = codeOf(sealBackup({ record: record(random), methods: [method] }))
      await vi.waitFor(() => expect(given).toBeDefined())
      await vi.advanceTimersByTimeAsync(10_000)
      expect(await code).toBe('STORAGE_UNAVAILABLE')
      expect(given?.aborted).toBe(true)
    } finally {
      vi.useRealTimers()
    }
  })

  test('that was refused is wiped from what the storage was given', async () => {
    let given = new Uint8Array(0)
    const storage = openStorage()
    storage.write = (_, bytes) => ((given = bytes as Uint8Array<ArrayBuffer>), Promise.reject(new Error('no')))
    const method = cloudKey({ provider: 'GDRIVE', storage })
    await codeOf(sealBackup({ record: record(random), methods: [method] }))
    expect(given).toEqual(new Uint8Array(74))
  })

  test('is aborted between its steps', async () => {
    const storage = openStorage()
    const method = cloudKey({ provider: 'GDRIVE', storage })
    const signal = AbortSignal.abort()
    expect(await codeOf(method.probe({ signal }))).toBe('ABORTED')
    expect(await codeOf(method.recipients({ walletId: '00'.repeat(16), signal }))).toBe('ABORTED')
    expect(storage.keys.size).toBe(0)
  })

  test('hands the signal on to the storage', async () => {
    const signals: unknown[] = []
    const good = openStorage()
    const storage: CloudKeyStorage = {
      probe: async (options) => void signals.push(options?.signal),
      read: async (id, options) => (signals.push(options?.signal), good.read(id)),
      write: async (id, bytes, options) => (signals.push(options?.signal), good.write(id, bytes)),
      delete: good.delete,
    }
    const method = cloudKey({ provider: 'GDRIVE', storage })
    const { signal } = new AbortController()
    await method.probe({ signal })
    const cipherText = await sealBackup({ record: record(random), methods: [method], signal })
    await openBackup({ cipherText, methods: [method], signal })
    expect(signals.length).toBeGreaterThanOrEqual(4)
    expect(signals.every((given) => given === signal)).toBe(true)
  })

  test('refuses another provider or kind', () => {
    const storage = memoryCloudKey()
    expect(() => cloudKey({ provider: 'DROPBOX' as never, storage })).toThrow(TypeError)
    expect(() => cloudKey({ provider: 'GDRIVE', storage, kind: 'rsa' as never })).toThrow(TypeError)
  })
})
