import { describe, expect, test } from 'vitest'
import {
  backupWallet,
  confirmBackup,
  custodianBackups,
  generateWallet,
  MpcError,
  provisionWallet,
  recoverWallet,
  sign,
  type BackupSource,
  type Client,
  type Progress,
  type Transport,
} from '../../src/index.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { stage } from './support/devices.ts'
import { plainMethod } from './support/plain-method.ts'

const message = utf8('a message')
const existingSets = 'keep'
const method = plainMethod()

/** A source of these pages, and how many texts it was told to leave out each time. */
function sourceOf(...pages: unknown[]) {
  const skips: number[] = []
  const backups: BackupSource = {
    async list({ skip }) {
      skips.push(skip)
      return (pages[skips.length - 1] ?? []) as readonly string[]
    },
  }
  return { backups, skips }
}

/** A custodian that answers so, and what it was asked. */
function custodian(answer: (path: string) => { status?: number; json?: unknown; text?: string }) {
  const asked: string[] = []
  const transport: Transport = {
    async request({ method, path, body }) {
      asked.push(`${method} ${path}${body === undefined ? '' : ' with a body'}`)
      const { status = 200, json, text = JSON.stringify(json) } = answer(path)
      return { status, body: utf8(text) }
    },
  }
  return { backups: custodianBackups(transport), asked }
}

/** A wallet, and its backups by the passwords, of which the last is the newest. */
async function backedUpBy(...passwords: string[]) {
  const { server, device } = stage()
  const phone = device('phone')
  const wallet = await generateWallet(phone)
  const made = []
  for (const password of passwords) {
    made.push(await backupWallet(phone, { walletId: wallet.id, method: plainMethod(password) }))
  }
  const texts = made.map(({ cipherText }) => cipherText).reverse()
  return { server, device, phone, wallet, made, texts }
}

async function expectWorks(client: Client, walletId: string) {
  await sign(client, { walletId, scheme: 'ed25519', message })
}

describe('a recovery from a source of backups', () => {
  test('takes the newest, and asks for no more', async () => {
    const { device, wallet, texts } = await backedUpBy('old', 'secret')
    const { backups, skips } = sourceOf(texts)
    const laptop = device('laptop')
    expect(await recoverWallet(laptop, { backups, method, existingSets })).toMatchObject({ id: wallet.id })
    expect(skips).toEqual([0])
    await expectWorks(laptop, wallet.id)
    await expect(
      provisionWallet(device('tablet'), { backups: sourceOf(texts).backups, method }),
    ).resolves.toMatchObject({
      publicKeys: wallet.publicKeys,
    })
  })

  test('goes on where one is superseded, over pages, in the order of steps', async () => {
    const { device, server, phone, wallet, made, texts } = await backedUpBy('secret', 'secret')
    await confirmBackup(phone, { setId: made[1]!.setId })
    const [newest, superseded] = texts as [string, string]
    const stale = server.sets.get(made[0]!.setId)!
    stale.state = 'DESTROYED'
    const { backups, skips } = sourceOf([superseded, superseded], [newest])
    const reports: Progress[] = []
    const laptop = device('laptop')
    await recoverWallet(laptop, { backups, method, existingSets, onProgress: (report) => reports.push(report) })
    await expectWorks(laptop, wallet.id)
    expect(skips).toEqual([0, 2])
    const fractions = reports.map(({ fraction }) => fraction)
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
    const steps = reports.map(({ status }) => status).filter((status, i, all) => status !== all[i - 1])
    const opening = ['Decrypting share', 'Parsing share', 'Recovering signing share']
    expect(steps).toEqual([
      ...['Reading share', ...opening, ...opening],
      ...['Generating share', 'Parsing share', 'Storing share', 'Done'],
    ])
  })

  test('goes on where one is of another wallet, has other keys, does not open or is damaged', async () => {
    const { device, wallet, texts } = await backedUpBy('secret')
    const other = await backedUpBy('secret')
    const before = [...other.texts, 'lost password:00', 'secret:00']
    for (const only of [{ walletId: wallet.id }, { publicKeys: wallet.publicKeys }]) {
      const { backups } = sourceOf([...before, ...texts])
      const laptop = device('laptop')
      expect((await recoverWallet(laptop, { backups, method, existingSets, ...only })).id).toBe(wallet.id)
    }
  })

  test('ends with what tells the user most', async () => {
    const { device, texts } = await backedUpBy('secret')
    const [text] = texts as [string]
    const walletId = '0'.repeat(32)
    const recover = (pages: unknown[]) =>
      recoverWallet(device('laptop'), { backups: sourceOf(...pages).backups, method, existingSets, walletId })
    await expect(recover([[text, 'other:00']])).rejects.toMatchObject({ code: 'WRONG_PASSWORD' })
    await expect(recover([[text, 'secret:00']])).rejects.toMatchObject({ code: 'BACKUP_CORRUPT' })
    await expect(recover([[text]])).rejects.toMatchObject({ code: 'BACKUP_OTHER_WALLET' })
    await expect(recover([[]])).rejects.toMatchObject({ code: 'SHARE_NOT_FOUND', retryable: false })
  })

  test('tries no other once it has begun to make something', async () => {
    const { device, texts } = await backedUpBy('secret', 'secret')
    const rotateBackup = plainMethod('new', {
      open: () => Promise.reject(new MpcError('BACKUP_CORRUPT', 'not what was sealed')),
    })
    let opened = 0
    const counting = plainMethod('secret', {
      open: (...args) => {
        opened += 1
        return method.open(...args)
      },
    })
    const { backups } = sourceOf(texts)
    const recovery = recoverWallet(device('laptop'), { backups, method: counting, existingSets, rotateBackup })
    await expect(recovery).rejects.toMatchObject({ code: 'BACKUP_CORRUPT' })
    expect(opened).toBe(1)
  })

  test('tries a bounded number of texts, each once', async () => {
    const { device } = stage()
    let opened = 0
    const counting = plainMethod('secret', {
      open: () => {
        opened += 1
        return Promise.reject(new MpcError('WRONG_PASSWORD', 'no'))
      },
    })
    let n = 0
    const recover = (list: BackupSource['list']) =>
      recoverWallet(device('laptop'), { backups: { list }, method: counting, existingSets })
    const refused = { code: 'WRONG_PASSWORD' }
    await expect(recover(async () => Array.from({ length: 40 }, () => `text ${n++}`))).rejects.toMatchObject(refused)
    expect(opened).toBe(64)
    await expect(recover(async () => ['the same'])).rejects.toMatchObject(refused)
    expect(opened).toBe(65)
  })

  test.each([
    ['no list', {}],
    ['no texts', [1]],
    ['no text in it', ['']],
    ['control characters', ['a\u0000b']],
    ['half a character', ['\ud800']],
    ['a text too long', ['a'.repeat(128 * 1024 + 1)]],
    ['too many', Array.from({ length: 65 }, (_, i) => `${i}`)],
  ])('takes no page with %s, and opens nothing of it', async (_, page) => {
    const { device } = stage()
    const opening = plainMethod('secret', { open: () => expect.unreachable() })
    const recovery = recoverWallet(device('laptop'), { backups: sourceOf(page).backups, method: opening, existingSets })
    await expect(recovery).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE', retryable: false })
  })

  test('repeats what passes, and says what a source of the app throws', async () => {
    const { device, texts, wallet } = await backedUpBy('secret')
    const failures = [new MpcError('NETWORK_ERROR', 'no'), new MpcError('RATE_LIMITED', 'no')]
    const list = async () => {
      const failure = failures.shift()
      if (failure !== undefined) throw failure
      return texts
    }
    const waits: number[] = []
    const patient = device('laptop', { repeats: true, wait: async (ms) => void waits.push(ms) })
    const options = { backups: { list }, method, existingSets } as const
    expect((await recoverWallet(patient, options)).id).toBe(wallet.id)
    expect(waits).toHaveLength(2)
    const broken = new Error('no')
    const backups = { list: () => Promise.reject(broken) }
    await expect(recoverWallet(device('laptop'), { backups, method, existingSets })).rejects.toMatchObject({
      code: 'NETWORK_ERROR',
      cause: broken,
    })
  })

  test('ends at its deadline while a source hangs, whose signal is aborted', async () => {
    const { device } = stage()
    let signal: AbortSignal | undefined
    const backups: BackupSource = {
      list: (options) => {
        signal = options.signal
        return new Promise<never>(() => undefined)
      },
    }
    const recovery = recoverWallet(device('laptop'), { backups, method, existingSets, timeoutMs: 20 })
    await expect(recovery).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(signal!.aborted).toBe(true)
  })

  test('is given a text or a source, and not both', async () => {
    const { device, texts } = await backedUpBy('secret')
    const { backups } = sourceOf(texts)
    const wrong = (input: object) =>
      recoverWallet(device('laptop'), { method, existingSets, ...input } as Parameters<typeof recoverWallet>[1])
    for (const input of [{ backups, cipherText: texts[0] }, {}, { backups: texts }, { backups: null }]) {
      await expect(wrong(input)).rejects.toThrow(TypeError)
    }
    await expect(wrong({ cipherText: '' })).rejects.toThrow(RangeError)
  })
})

describe('custodianBackups', () => {
  test('asks for the user’s own, page by page', async () => {
    const { device, texts, wallet } = await backedUpBy('secret')
    const pages: Record<string, unknown[]> = {
      '/v1/backups?skip=0': [{ cipherText: 'other:00', backupMethod: 'PASSWORD', setId: null }],
      '/v1/backups?skip=1': [{ cipherText: texts[0] }],
    }
    const { backups, asked } = custodian((path) => ({ json: { backups: pages[path] } }))
    expect((await recoverWallet(device('laptop'), { backups, method, existingSets })).id).toBe(wallet.id)
    expect(asked).toEqual(['GET /v1/backups?skip=0', 'GET /v1/backups?skip=1'])
  })

  test.each([
    ['no JSON', { text: '<html>' }, 'MALFORMED_RESPONSE'],
    ['null', { json: null }, 'MALFORMED_RESPONSE'],
    ['no list', { json: { backups: {} } }, 'MALFORMED_RESPONSE'],
    ['no backup', { json: { backups: [null] } }, 'MALFORMED_RESPONSE'],
    ['a backup without a text', { json: { backups: [{ cipherText: 5 }] } }, 'MALFORMED_RESPONSE'],
    ['nothing', { status: 404, json: { error: { id: 'SHARE_NOT_FOUND' } } }, 'SHARE_NOT_FOUND'],
    ['no such endpoint', { status: 404, text: 'Not Found' }, 'NETWORK_ERROR'],
    ['not this user', { status: 401, json: { error: { id: 'AUTH_FAILED' } } }, 'AUTH_FAILED'],
  ])('is %s: says so, and nothing is opened', async (_, answer, code) => {
    const { backups } = custodian(() => answer)
    const opening = plainMethod('secret', { open: () => expect.unreachable() })
    const recovery = recoverWallet(stage().device('laptop'), { backups, method: opening, existingSets })
    await expect(recovery).rejects.toMatchObject({ code })
  })

  test('takes a transport', () => {
    for (const transport of [undefined, null, {}, 'https://app.example']) {
      expect(() => custodianBackups(transport as never)).toThrow(TypeError)
    }
  })
})
