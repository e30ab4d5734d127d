import { describe, expect, test } from 'vitest'
import { createClient, findWallets, type Transport } from '../../../src/index.ts'
import type { WalletStatus } from '../../../src/wire/wallets.ts'
import { memoryStore } from '../../../src/storage/memory.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import { getGroup } from '../../../src/curve/index.ts'
import { seededRandom } from '../../support/random.ts'

const random = seededRandom()
const point = (curve: 'secp256k1' | 'ed25519', n: number) => {
  const group = getGroup(curve)
  return toHex(group.encodePoint(group.multiplyBase(group.scalar(n))))
}
const time = '2026-01-01T00:00:00.000Z'
const id = (n: number) => toHex(new Uint8Array(16).fill(n))
const setId = (n: number) => toHex(new Uint8Array(32).fill(n))

function wallet(n: number, changes: object = {}): WalletStatus {
  const signing = {
    setId: setId(n),
    walletId: id(n),
    purpose: 'signing' as const,
    state: 'ACTIVE' as const,
    label: 'phone',
    backupMethod: null,
    deviceId: null,
    createdAt: time,
    lastUsedAt: null,
    exportedAt: null,
    importedAt: null,
    scope: null,
    expiresAt: null,
    proven: false,
  }
  return {
    walletId: id(n),
    publicKeys: { secp256k1: point('secp256k1', n), ed25519: point('ed25519', n) },
    createdAt: time,
    exportedAt: null,
    importedAt: null,
    signingSets: [signing],
    backups: [{ setId: setId(n + 100), method: 'PASSWORD', createdAt: time, confirmedAt: time }],
    ...changes,
  }
}

/** A device that gets these pages, and the paths that it asks for. */
function fresh(...pages: unknown[]) {
  const paths: string[] = []
  const transport: Transport = {
    async request({ method, path, body }) {
      expect([method, body]).toEqual(['GET', undefined])
      paths.push(path)
      return { status: 200, body: utf8(JSON.stringify(pages[Math.min(paths.length, pages.length) - 1])) }
    },
  }
  return { paths, client: createClient({ transport, storage: memoryStore(), random }) }
}

describe('findWallets', () => {
  test('reads every page, and asks for nothing but the list', async () => {
    const pages = [
      { wallets: [wallet(1), wallet(2)], next: '7-ab' },
      { wallets: [], next: null },
    ]
    const { client, paths } = fresh(...pages)
    const found = await findWallets(client)
    expect(paths).toEqual(['/v1/wallets', '/v1/wallets?after=7-ab'])
    expect(found.map((wallet) => wallet.id)).toEqual([id(1), id(2)])
    const { walletId, publicKeys, ...rest } = wallet(1)
    expect(found[0]).toEqual({ id: walletId, publicKeys: expect.anything(), ...rest })
    expect(toHex(found[0]!.publicKeys.secp256k1)).toBe(publicKeys.secp256k1)
    expect(toHex(found[0]!.publicKeys.ed25519)).toBe(publicKeys.ed25519)
  })

  const one = (changes: object) => [{ wallets: [wallet(1, changes)], next: null }]
  const backup = wallet(1).backups[0]!
  const signing = wallet(1).signingSets[0]!
  test.each<[string, unknown[]]>([
    ['no list', [{ next: null }]],
    ['no next', [{ wallets: [] }]],
    ['a next that leads elsewhere', [{ wallets: [wallet(1)], next: 'x&limit=1' }]],
    ['a next after nothing', [{ wallets: [], next: '1' }]],
    ['a page again', [{ wallets: [wallet(1)], next: '1' }]],
    ['a wallet twice', [{ wallets: [wallet(1), wallet(1)], next: null }]],
    ['no wallet', [{ wallets: [null], next: null }]],
    ['no id', one({ walletId: 'A' })],
    ['no keys', one({ publicKeys: null })],
    ['a key too short', one({ publicKeys: { ...wallet(1).publicKeys, ed25519: 'ab' } })],
    ['a key that is no point', one({ publicKeys: { ...wallet(1).publicKeys, secp256k1: `02${'ff'.repeat(32)}` } })],
    ['a key of small order', one({ publicKeys: { ...wallet(1).publicKeys, ed25519: '00'.repeat(32) } })],
    ['no time', one({ createdAt: 'now' })],
    ['no time of export', one({ exportedAt: 0 })],
    ['no time of import', one({ importedAt: 0 })],
    ['a set of another wallet', one({ signingSets: [{ ...signing, walletId: id(2) }] })],
    ['a set that does not sign', one({ signingSets: [{ ...signing, purpose: 'backup' }] })],
    ['no set', one({ signingSets: [{}] })],
    ['no list of backups', one({ backups: {} })],
    ['a backup of no method', one({ backups: [{ ...backup, method: 'PRAYER' }] })],
    ['a backup without an id', one({ backups: [{ ...backup, setId: '' }] })],
    ['a backup without a time', one({ backups: [{ ...backup, createdAt: null }] })],
    ['a backup confirmed at no time', one({ backups: [{ ...backup, confirmedAt: true }] })],
  ])('takes no answer with %s', async (_, pages) => {
    const { client, paths } = fresh(...pages)
    await expect(findWallets(client)).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE', retryable: false })
    expect(paths.length).toBeLessThan(3)
  })

  test('ends by its time where the pages do not', async () => {
    let n = 0
    const transport: Transport = {
      async request() {
        n += 1
        await new Promise((resolve) => setTimeout(resolve, 1))
        const page = { wallets: [wallet(1, { walletId: id(n), signingSets: [] })], next: String(n) }
        return { status: 200, body: utf8(JSON.stringify(page)) }
      },
    }
    const client = createClient({ transport, storage: memoryStore(), random })
    await expect(findWallets(client, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'TIMEOUT' })
  })
})
