import { describe, expect, test } from 'vitest'
import { exportFromBackup } from '../../src/export.ts'
import { createClient, type Transport } from '../../src/index.ts'
import { shareOn } from '../../src/client/wallet-shares.ts'
import { getGroup } from '../../src/curve/index.ts'
import { encodeBackup } from '../../src/key-share/index.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { inProcessTransport } from '../../src/transport/index.ts'
import { CURVES } from '../../src/types.ts'
import { toHex, utf8 } from '../../src/util/bytes.ts'
import { plainMethod } from '../client/support/plain-method.ts'
import { chosenDatabases } from '../e2e/support/databases.ts'
import { USER_HEADER } from '../support/custodian-app.ts'
import { ALLOWED, AUTHORIZATION } from './support/exports.ts'
import { fileCustodian, type CustodianWorld } from './support/world.ts'

describe.each(chosenDatabases('custodian/export'))('exportFromBackup, with the custodian on $name', ({ open }) => {
  let world: CustodianWorld
  fileCustodian(open, (made) => (world = made))

  const dead: Transport = { request: () => Promise.reject(new Error('the signing server is gone')) }
  const client = () => createClient({ transport: dead, storage: memoryStore(), random: world.random })

  async function stored(user: string, authorizeExport = ALLOWED) {
    const backup = await world.newBackup(user)
    const method = plainMethod()
    const plaintext = encodeBackup(getGroup, backup.client, 0)
    const cipherText = await method.seal(plaintext, { walletId: toHex(backup.client.walletId) })
    const app = world.app({ ...(authorizeExport && { authorizeExport }) })
    const transport = inProcessTransport(app, { headers: () => ({ [USER_HEADER]: user }) })
    const options = { cipherText, method, custodian: transport, authorization: AUTHORIZATION } as const
    return { backup, options, transport }
  }

  test.each(CURVES)('gives the key of %s without the signing server', async (curve) => {
    const { backup, options } = await stored(`client ${curve}`)
    const statuses: string[] = []
    const key = await exportFromBackup(client(), {
      ...options,
      curve,
      walletId: toHex(backup.client.walletId),
      onProgress: ({ status }) => statuses.push(status),
    })
    const group = getGroup(curve)
    const { publicKey } = shareOn(backup.client, curve).record
    expect(key).toEqual({
      format: curve === 'secp256k1' ? 'secp256k1-private-key' : 'ed25519-scalar',
      privateKey: key.privateKey,
      publicKey: group.encodePoint(publicKey),
    })
    expect(group.equalPoints(group.multiplyBase(group.decodeScalar(key.privateKey)), publicKey)).toBe(true)
    expect([...new Set(statuses)]).toEqual(['Decrypting share', 'Parsing share', 'Done'])
  })

  test('takes the newest backup of a source whose share the custodian has', async () => {
    const { backup, options } = await stored('of several')
    const { cipherText, ...rest } = options
    const stranger = await stored('of somebody else')
    const list = async ({ skip }: { skip: number }) =>
      [stranger.options.cipherText, 'secret:00', cipherText].slice(skip)
    const statuses: string[] = []
    const onProgress = ({ status }: { status: string }) => statuses.push(status)
    const key = await exportFromBackup(client(), { ...rest, backups: { list }, curve: 'secp256k1', onProgress })
    expect(key.publicKey).toEqual(
      getGroup('secp256k1').encodePoint(shareOn(backup.client, 'secp256k1').record.publicKey),
    )
    expect(statuses.filter((status, i) => status !== statuses[i - 1])).toEqual([
      ...['Decrypting share', 'Parsing share', 'Decrypting share', 'Parsing share', 'Done'],
    ])
    const none = exportFromBackup(client(), { ...rest, backups: { list: async () => [] }, curve: 'secp256k1' })
    await expect(none).rejects.toMatchObject({ code: 'SHARE_NOT_FOUND' })
  })

  test('says what the custodian or the backup says', async () => {
    const { options } = await stored('refused', () => false)
    const curve = 'secp256k1'
    const refuse = (changed: object) => exportFromBackup(client(), { ...options, curve, ...changed })
    await expect(refuse({})).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    const { transport } = await stored('somebody else')
    await expect(refuse({ custodian: transport })).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    await expect(refuse({ method: plainMethod('other') })).rejects.toMatchObject({ code: 'WRONG_PASSWORD' })
    await expect(refuse({ walletId: '00'.repeat(16) })).rejects.toMatchObject({ code: 'BACKUP_OTHER_WALLET' })
    await expect(refuse({ custodian: dead })).rejects.toMatchObject({
      cause: new Error('the signing server is gone'),
    })
    const aborted = { signal: AbortSignal.abort() }
    await expect(refuse(aborted)).rejects.toMatchObject({ code: 'ABORTED' })
  })

  test('notices what is not the custodian’s share', async () => {
    const { options, transport } = await stored('lies')
    const lie = (path: RegExp, change: (json: Record<string, string>) => unknown): Transport => ({
      async request(request) {
        const answer = await transport.request(request)
        if (!path.test(request.path)) return answer
        const json = JSON.parse(new TextDecoder().decode(answer.body)) as Record<string, string>
        return { status: 200, body: utf8(JSON.stringify(change(json))) }
      },
    })
    const flipped = (hex: string) => (hex.startsWith('0') ? '1' : '0') + hex.slice(1)
    const run = (liar: Transport) =>
      exportFromBackup(client(), { ...options, curve: 'ed25519', custodian: liar }).then(
        () => 'a key',
        (error: { code: string }) => error.code,
      )
    expect(await run(lie(/share$/, ({ sealed }) => ({ sealed: flipped(sealed!) })))).toBe('PROTOCOL_ABORTED')
    expect(await run(lie(/share$/, ({ sealed }) => ({ sealed: sealed!.slice(2) })))).toBe('PROTOCOL_ABORTED')
    expect(await run(lie(/share$/, () => ({})))).toBe('MALFORMED_RESPONSE')
    expect(await run(lie(/share$/, () => ({ sealed: 'XY' })))).toBe('MALFORMED_RESPONSE')
    expect(await run(lie(/challenge$/, () => ({ challenge: 'ab' })))).toBe('PROTOCOL_ABORTED')
    expect(await run(lie(/challenge$/, ({ challenge }) => ({ challenge: flipped(challenge!) })))).toBe(
      'PROTOCOL_ABORTED',
    )
    expect(await run(transport)).toBe('a key')
  })

  test.each([
    ['an empty cipherText', { cipherText: '' }, RangeError],
    ['a cipherText and a source', { backups: { list: async () => [] } }, TypeError],
    ['a source that is none', { cipherText: undefined, backups: [] }, TypeError],
    ['no method', { method: {} }, TypeError],
    ['no transport', { custodian: {} }, TypeError],
    ['an unknown curve', { curve: 'p256' }, TypeError],
    ['no authorisation', { authorization: undefined }, TypeError],
    ['an empty authorisation', { authorization: '' }, RangeError],
    ['a long authorisation', { authorization: 'x'.repeat(4097) }, RangeError],
    ['a broken authorisation', { authorization: 'yes\ud83d' }, RangeError],
    ['a short wallet id', { walletId: 'ab' }, RangeError],
    ['a callback that is none', { onProgress: 1 }, TypeError],
  ])('refuses %s', async (_, wrong, kind) => {
    const good = {
      cipherText: 'text',
      method: plainMethod(),
      custodian: dead,
      curve: 'ed25519',
      authorization: 'yes',
    }
    await expect(exportFromBackup(client(), { ...good, ...wrong } as never)).rejects.toThrow(kind)
  })
})
