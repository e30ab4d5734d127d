import { describe, expect, test } from 'vitest'
import { isMpcError } from '../../src/errors.ts'
import { listWallets, recoverWallet, removeShare, revokeDevice } from '../../src/remote/index.ts'
import { attacked, setId, walletId } from './support/attacked.ts'

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

test('a host that ends its session at once is asked once more', async () => {
  const { client, raw, ready } = attacked()
  const got = listWallets(client)
  const session = await ready()
  raw.send({ session, type: 'gone' })
  await raw.next({ type: 'hello' })
  await new Promise((resolve) => setTimeout(resolve, 20))
  raw.received.splice(
    0,
    raw.received.findIndex(({ session: id }) => id !== session),
  )
  const next = await ready()
  expect(next).not.toBe(session)
  raw.send({ session: next, type: 'result', id: (await raw.next({ type: 'call' }))['id'], value: [] })
  expect(await got).toEqual([])
})

test('an action that no host would read is refused before it is sent', async () => {
  const { client, raw } = attacked()
  const method = { type: 'password' }
  const got = recoverWallet(client, { cipherText: '\0'.repeat(100_000), method, existingSets: 'keep' })
  await expect(got).rejects.toThrow(RangeError)
  expect(raw.received).toEqual([])
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
