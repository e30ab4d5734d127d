import { describe, expect, test } from 'vitest'
import { isProtocolError } from '../../src/errors.ts'
import {
  generateWallet,
  getWallet,
  listDevices,
  listWallets,
  removeShare,
  resume,
  sign,
} from '../../src/remote/index.ts'
import { toBase64 } from '../../src/util/bytes.ts'
import { attacked, publicKeys, setId, wallet, walletId } from './support/attacked.ts'

describe('a result that is not what it should be', () => {
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'wallet'],
    ['a list', []],
    ['no id', { ...wallet, id: undefined }],
    ['an id that is not hex', { ...wallet, id: 'x'.repeat(32) }],
    ['a key that is too short', { ...wallet, publicKeys: { ...publicKeys, ed25519: 'AA==' } }],
    ['a key that is no base64', { ...wallet, publicKeys: { ...publicKeys, ed25519: '<script>' } }],
    ['a key of another type', { ...wallet, publicKeys: { ...publicKeys, ed25519: { 0: 1, length: 32 } } }],
  ])('%s is MALFORMED_RESPONSE', async (_, value) => {
    const { client, respond } = attacked()
    const got = getWallet(client, { walletId })
    await respond({ type: 'result', value })
    await expect(got).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE' })
  })

  test('what was not asked for is left out, and names of prototypes do nothing', async () => {
    const { client, raw, ready } = attacked()
    const got = getWallet(client, { walletId })
    const session = await ready()
    const { id } = await raw.next({ type: 'call' })
    const value = JSON.stringify({ ...wallet, share: 'secret' }).replace('{', '{"__proto__":{"polluted":1},')
    raw.sendText(
      `{"reshare":"remote","version":1,"session":"${session}","type":"result","id":${id as number},"value":${value}}`,
    )
    const result = await got
    expect(Object.keys(result).sort()).toEqual(['id', 'publicKeys', 'setId'])
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
    expect({}).not.toHaveProperty('polluted')
  })

  test('lists are bounded', async () => {
    const { client, respond } = attacked()
    const got = listWallets(client)
    await respond({ type: 'result', value: Array.from({ length: 10_001 }, () => wallet) })
    await expect(got).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE' })
  })

  test('an ECDSA signature has a recovery bit, and no other has', async () => {
    const signature = { signature: toBase64(new Uint8Array(64)), publicKey: publicKeys.ed25519, setId }
    for (const [scheme, recovery] of [
      ['ecdsa', undefined],
      ['ed25519', 1],
    ] as const) {
      const { client, respond } = attacked()
      const message = new Uint8Array(1)
      const got = sign(client, { walletId, message, ...(scheme === 'ecdsa' ? { scheme, hash: 'sha256' } : { scheme }) })
      await respond({ type: 'result', value: { ...signature, recovery } })
      await expect(got).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE' })
    }
  })

  test.each([
    [{ walletId, outcome: 'READY' }],
    [{ walletId, outcome: 'PENDING', wallet }],
    [{ walletId, outcome: 'FAILED' }],
    [{ walletId, outcome: 'FAILED', error: { kind: 'type', message: '' } }],
    [{ walletId, outcome: 'WON' }],
  ])('a report of resume lacks nothing: %j', async (report) => {
    const { client, respond } = attacked()
    const got = resume(client)
    await respond({ type: 'result', value: [report] })
    await expect(got).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE' })
  })
})

describe('an error', () => {
  test('is rebuilt with its class and its data', async () => {
    const { client, respond } = attacked()
    const got = getWallet(client, { walletId }).catch((error: unknown) => error)
    await respond({
      type: 'error',
      value: { kind: 'protocol', reason: 'CHEAT_VOLE', round: 3, blame: [2], message: 'caught', extra: 1 },
    })
    const error = await got
    expect(isProtocolError(error)).toBe(true)
    expect(error).toMatchObject({ code: 'PROTOCOL_ABORTED', reason: 'CHEAT_VOLE', round: 3, blame: [2], ban: true })
    expect(error).not.toHaveProperty('extra')
  })

  test.each([
    [{ kind: 'code', message: '' }],
    [{ kind: 'protocol', message: '', reason: 'SIG', round: 1 }],
    [{ kind: 'protocol', message: '', reason: 'SIG', round: 1, blame: [0] }],
    [{ kind: 'code', code: 'x'.repeat(50), retryable: false, message: '' }],
    [{ kind: 'code', code: 'TIMEOUT', retryable: 'yes', message: '' }],
    [{ kind: 'code', code: 'TIMEOUT', retryable: true, message: 'x'.repeat(3000) }],
    [{ kind: 'other', message: '' }],
    ['TIMEOUT'],
  ])('that is not one is MALFORMED_RESPONSE: %j', async (value) => {
    const { client, respond } = attacked()
    const got = getWallet(client, { walletId })
    await respond({ type: 'error', value })
    await expect(got).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE' })
  })

  test('that the host does not tell has an unknown outcome', async () => {
    const { client, respond } = attacked()
    const got = removeShare(client, { walletId })
    await respond({ type: 'error', value: { kind: 'unexpected', message: 'ignored' } })
    await expect(got).rejects.toMatchObject({ code: 'REMOTE_FAILED', retryable: false })
  })
})

describe('somebody who answers for the host', () => {
  test('cannot without the id of the session', async () => {
    const { client, raw, ready } = attacked()
    const got = getWallet(client, { walletId })
    raw.send({ type: 'ready' })
    raw.send({ type: 'gone' })
    raw.send({ type: 'result', id: 1, value: wallet })
    const session = await ready()
    await raw.next({ type: 'call' })
    raw.send({ type: 'result', id: 1, value: { ...wallet, setId: '22'.repeat(32) } })
    raw.send({ session, type: 'result', id: 1, value: wallet })
    expect(await got).toMatchObject({ setId })
    expect(session).toMatch(/^[A-Za-z0-9+/]{22}==$/)
  })

  test('ids of sessions are new for each client', async () => {
    const sessions = await Promise.all(
      [attacked(), attacked()].map(async ({ client, ready }) => {
        listWallets(client).catch(() => undefined)
        return ready()
      }),
    )
    expect(new Set(sessions).size).toBe(2)
  })

  test('responses with ids of no call, or a second time, are ignored', async () => {
    const { client, raw, ready } = attacked()
    const got = listDevices(client)
    const session = await ready()
    const { id } = await raw.next({ type: 'call' })
    for (const other of [0, -1, 1.5, 99, 2 ** 60]) raw.send({ session, type: 'result', id: other, value: [] })
    raw.send({ session, type: 'result', id, value: [] })
    raw.send({ session, type: 'result', id, value: [] })
    expect(await got).toEqual([])
  })
})

test('a report that is not one, and a callback that throws, do not end the action', async () => {
  const errors: unknown[] = []
  const { client, raw, ready } = attacked({ onError: (error) => errors.push(error) })
  const got = generateWallet(client, {
    onProgress: () => {
      throw new Error('no bar')
    },
  })
  const session = await ready()
  const { id } = await raw.next({ type: 'call' })
  for (const value of [
    null,
    { status: 'Hacking' },
    { status: 'Done', done: true, fraction: 2 },
    { status: 'Done', done: true, fraction: 1 },
  ])
    raw.send({ session, type: 'event', id, value })
  raw.send({ session, type: 'result', id, value: wallet })
  await got
  expect(errors).toHaveLength(4)
  expect(errors[3]).toEqual(new Error('no bar'))
})
