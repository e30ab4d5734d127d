import { describe, expect, test } from 'vitest'
import { backupWallet, generateWallet, recoverWallet } from '../../src/index.ts'
import { fromHex } from '../../src/util/bytes.ts'
import { stage } from './support/devices.ts'
import { plainMethod } from './support/plain-method.ts'

const plain = plainMethod()

function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { open, opened }
}

async function wallet() {
  const { device } = stage()
  const phone = device('phone')
  const { id: walletId } = await generateWallet(phone)
  return { device, phone, walletId }
}

const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)

/** As a worker does that the memory is posted to. */
function transferred(bytes: Uint8Array): Uint8Array {
  return structuredClone(bytes, { transfer: [bytes.buffer] })
}

describe('a backup method of the app', () => {
  test('that goes on after the action has ended seals what it was given, which is wiped after it', async () => {
    const { phone, walletId } = await wallet()
    const [begun, end] = [gate(), gate()]
    const controller = new AbortController()
    let given: Uint8Array | undefined
    let wasZero: boolean | undefined
    const method = plainMethod('secret', {
      async seal(plaintext) {
        given = plaintext
        begun.open()
        await end.opened
        wasZero = isZero(plaintext)
        return 'uploaded'
      },
    })
    const action = backupWallet(phone, { walletId, method, signal: controller.signal })
    await begun.opened
    controller.abort()
    await expect(action).rejects.toMatchObject({ code: 'ABORTED' })
    expect(isZero(given!)).toBe(false)
    end.open()
    await expect.poll(() => isZero(given!)).toBe(true)
    expect(wasZero).toBe(false)
  })

  test('that opens after the action has ended has opened for nobody: the bytes are wiped', async () => {
    const { device, phone, walletId } = await wallet()
    const { cipherText } = await backupWallet(phone, { walletId, method: plain })
    const [begun, end] = [gate(), gate()]
    const controller = new AbortController()
    let opened: Uint8Array | undefined
    const method = plainMethod('secret', {
      async open(text, options) {
        opened = await plain.open(text, options)
        begun.open()
        await end.opened
        return opened
      },
    })
    const recovery = { cipherText, method, existingSets: 'keep', signal: controller.signal } as const
    const action = recoverWallet(device('laptop'), recovery)
    await begun.opened
    controller.abort()
    await expect(action).rejects.toMatchObject({ code: 'ABORTED' })
    expect(isZero(opened!)).toBe(false)
    end.open()
    await expect.poll(() => isZero(opened!)).toBe(true)
  })

  test('may hand the bytes to a worker, and says itself why it fails', async () => {
    const { phone, walletId } = await wallet()
    const hands = plainMethod('secret', { seal: async (bytes, options) => plain.seal(transferred(bytes), options) })
    const { cipherText } = await backupWallet(phone, { walletId, method: hands })
    expect(fromHex(cipherText.split(':')[1]!).length).toBeGreaterThan(100)
    const failing = plainMethod('secret', {
      async seal(bytes) {
        transferred(bytes)
        throw Object.assign(new Error('the cloud is full'), { code: 'STORAGE_FULL' })
      },
    })
    await expect(backupWallet(phone, { walletId, method: failing })).rejects.toThrow('the cloud is full')
  })

  test.each([
    ['no bytes', 'text'],
    ['nothing', undefined],
    ['bytes whose memory is gone', new Uint8Array(8)],
  ])('that opens %s has opened a damaged backup', async (_, opened) => {
    const { device, phone, walletId } = await wallet()
    const { cipherText } = await backupWallet(phone, { walletId, method: plain })
    if (opened instanceof Uint8Array) transferred(opened)
    const method = plainMethod('secret', { open: async () => opened as Uint8Array })
    const recovery = recoverWallet(device('laptop'), { cipherText, method, existingSets: 'keep' })
    await expect(recovery).rejects.toMatchObject({ code: 'BACKUP_CORRUPT' })
  })

  test('whose cipherText opens to the backup of another wallet has not sealed: that is no matter of the caller’s', async () => {
    const { device } = stage()
    const phone = device('phone')
    const [one, other] = [await generateWallet(phone), await generateWallet(phone)]
    const { cipherText } = await backupWallet(phone, { walletId: other.id, method: plain })
    const method = plainMethod('secret', { open: async (_, options) => plain.open(cipherText, options) })
    await expect(backupWallet(phone, { walletId: one.id, method })).rejects.toMatchObject({ code: 'BACKUP_CORRUPT' })
  })
})
