import { afterEach, describe, expect, test, vi } from 'vitest'
import { isMpcError, isProtocolError } from '../../src/errors.ts'
import {
  getWallet,
  listDevices,
  listWallets,
  remoteClient,
  removeShare,
  resume,
  sign,
  generateWallet,
  revokeDevice,
  type RemoteClientOptions,
} from '../../src/remote/index.ts'
import { toBase64 } from '../../src/util/bytes.ts'
import { stringPorts } from './support/ports.ts'
import { rawSide } from './support/raw.ts'

const walletId = '00'.repeat(16)
const setId = '11'.repeat(32)
const publicKeys = { secp256k1: toBase64(new Uint8Array(33).fill(2)), ed25519: toBase64(new Uint8Array(32).fill(3)) }
const wallet = { id: walletId, setId, publicKeys }

/** A client whose host writes its own messages. */
function attacked(options: RemoteClientOptions = {}) {
  const ports = stringPorts()
  const raw = rawSide(ports.host)
  const client = remoteClient(ports.app, { connectMs: 300, ...options })
  const ready = async () => {
    const { session } = await raw.next({ type: 'hello' })
    raw.send({ type: 'ready', session })
    return session as string
  }
  /** Responds to the next call with these fields. */
  const respond = async (message: object) => {
    const session = await ready()
    const { id } = await raw.next({ type: 'call' })
    raw.send({ session, id, ...message })
  }
  return { ports, raw, client, ready, respond }
}

afterEach(() => vi.useRealTimers())

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

describe('a host that is not there', () => {
  test('is unavailable, and is tried again by the next action', async () => {
    const { client, raw, respond } = attacked({ connectMs: 80 })
    await expect(listWallets(client)).rejects.toMatchObject({ code: 'REMOTE_UNAVAILABLE', retryable: true })
    const [first] = raw.received
    raw.received.length = 0
    const got = listWallets(client)
    await respond({ type: 'result', value: [] })
    expect(await got).toEqual([])
    expect(raw.received[0]!['session']).not.toBe(first!['session'])
  })

  test('of another version says so', async () => {
    const { client, raw } = attacked()
    const got = listWallets(client)
    const { session } = await raw.next({ type: 'hello' })
    raw.send({ session, version: 2, type: 'pong' })
    await expect(got).rejects.toMatchObject({ code: 'PROTOCOL_VERSION_UNSUPPORTED' })
  })

  test('after silence, what ran has an unknown outcome; pings keep a busy one alive', async () => {
    const { client, raw, ready } = attacked({ silenceMs: 160 })
    const got = listWallets(client)
    const session = await ready()
    const { id } = await raw.next({ type: 'call' })
    for (let i = 0; i < 10; i++) {
      await new Promise((resolve) => setTimeout(resolve, 30))
      raw.send({ session, type: 'pong' })
    }
    raw.send({ session, type: 'result', id, value: [] })
    expect(await got).toEqual([])
    await expect(listWallets(client)).rejects.toMatchObject({ code: 'REMOTE_FAILED' })
  })
})

describe('a host that has restarted', () => {
  test('ends what it had begun, and runs once more what has not begun', async () => {
    const { client, raw, ready } = attacked()
    const begun = removeShare(client, { walletId })
    const session = await ready()
    await raw.next({ type: 'call', id: 1 })
    const waiting = listWallets(client)
    await raw.next({ type: 'call', id: 2 })
    raw.received.length = 0
    raw.send({ session, type: 'gone', id: 2 })
    await expect(begun).rejects.toMatchObject({ code: 'REMOTE_FAILED' })
    const next = await ready()
    expect(next).not.toBe(session)
    raw.send({ session: next, type: 'result', id: (await raw.next({ type: 'call' }))['id'], value: [] })
    expect(await waiting).toEqual([])
  })

  test('again and again ends the action', async () => {
    const { client, raw, ready } = attacked()
    const got = listWallets(client)
    for (let i = 0; i < 2; i++) {
      const session = await ready()
      const { id } = await raw.next({ type: 'call' })
      raw.received.length = 0
      raw.send({ session, type: 'gone', id })
    }
    await expect(got).rejects.toMatchObject({ code: 'REMOTE_UNAVAILABLE', retryable: true })
  })
})

test('a signal ends the action at once, before and after it was sent', async () => {
  const { client, raw, ready } = attacked()
  const early = new AbortController()
  const first = listWallets(client, { signal: early.signal })
  early.abort()
  await expect(first).rejects.toMatchObject({ code: 'ABORTED' })
  const late = new AbortController()
  const second = listWallets(client, { signal: late.signal })
  await ready()
  const { id } = await raw.next({ type: 'call' })
  late.abort('enough')
  await expect(second).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' })
  expect(await raw.next({ type: 'abort' })).toMatchObject({ id })
  expect(raw.received.filter(({ type }) => type === 'call')).toHaveLength(1)
  await expect(listWallets(client, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
})

test('a client that is closed runs nothing any more', async () => {
  const { client, raw, ready } = attacked()
  const running = listWallets(client).catch((error: unknown) => error)
  await ready()
  await raw.next({ type: 'call' })
  client.close()
  expect(await running).toMatchObject({ code: 'REMOTE_FAILED' })
  await raw.next({ type: 'bye' })
  const after = await revokeDevice(client, { deviceId: setId }).catch((error: unknown) => error)
  expect(isMpcError(after, 'REMOTE_UNAVAILABLE') && !after.retryable).toBe(true)
})
