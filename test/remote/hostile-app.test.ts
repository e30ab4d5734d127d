import { ed25519 } from '@noble/curves/ed25519.js'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import * as reshare from '../../src/index.ts'
import { serveClient, type ApprovalRequest, type ServeOptions } from '../../src/remote/serve.ts'
import { fromBase64, toBase64, toHex, utf8 } from '../../src/util/bytes.ts'
import { stage } from '../client/support/devices.ts'
import { stringPorts } from './support/ports.ts'
import { marked, rawSide, SESSION } from './support/raw.ts'
import { servedWith } from './support/served.ts'

/** A host, and an app that writes its own messages. */
function attack(options: Partial<ServeOptions> = {}) {
  const ports = stringPorts('https://app.example')
  const local = stage().device()
  const { errors, stored: _, ...served } = servedWith(options)
  const host = serveClient(local, ports.host, served)
  const app = rawSide(ports.app)
  app.send({ type: 'hello' })
  return { ports, local, errors, host, app }
}

const call = (id: number, action: string, parameters: unknown, more: object = {}) => ({
  type: 'call',
  id,
  action,
  parameters,
  ...more,
})

const settled = () => new Promise((resolve) => setTimeout(resolve, 20))

describe('what is no message', () => {
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['an object', { reshare: 'remote', version: 1, session: SESSION, type: 'ping' }],
    ['bytes', new Uint8Array(3)],
    ['no JSON', '{"reshare":'],
    ['JSON of another kind', '[1,2]'],
    ['a number', '7'],
    ['another program', JSON.stringify({ type: 'ping', source: 'devtools' })],
    ['no session', JSON.stringify({ reshare: 'remote', version: 1, type: 'ping' })],
    ['an unknown type', JSON.stringify({ reshare: 'remote', version: 1, session: SESSION, type: 'eval' })],
    ['a type of every object', JSON.stringify({ reshare: 'remote', version: 1, session: SESSION, type: 'toString' })],
    ['a call without an id', JSON.stringify({ reshare: 'remote', version: 1, session: SESSION, type: 'call' })],
    ['deep JSON', '['.repeat(200_000)],
    [
      'a text that is too long',
      JSON.stringify({ reshare: 'remote', version: 1, session: SESSION, type: 'ping', x: 'x'.repeat(2 ** 19) }),
    ],
  ])('%s is ignored, and nothing is thrown', async (_, data) => {
    const { app, errors, ports } = attack()
    await app.next({ type: 'ready' })
    const before = ports.toApp.length
    app.sendText(data)
    await settled()
    expect(ports.toApp).toHaveLength(before)
    expect(errors).toEqual([])
  })

  test('a message of another version is responded to with this version, and does nothing', async () => {
    const { app } = attack()
    app.send({ version: 2, type: 'call', id: 1, action: 'generateWallet', session: 'other' })
    expect(await app.next({ type: 'pong', session: 'other' })).toMatchObject({ version: 1 })
  })
})

describe('a call of a hostile app', () => {
  test.each([
    ['exportPrivateKey', 'REMOTE_DENIED'],
    ['importWallet', 'REMOTE_DENIED'],
    ['createClient', 'REMOTE_DENIED'],
    ['constructor', 'REMOTE_DENIED'],
    ['__proto__', 'REMOTE_DENIED'],
    ['toString', 'REMOTE_DENIED'],
  ])('%s is not served', async (action, code) => {
    const { app } = attack()
    app.send(call(1, action, {}))
    expect(await app.next({ id: 1 })).toMatchObject({ type: 'error', value: { kind: 'code', code, retryable: false } })
  })

  test('an action that the host does not name is not served', async () => {
    const { app } = attack({ actions: { getWallet: reshare.getWallet } })
    app.send(call(1, 'generateWallet', {}))
    expect(await app.next({ id: 1 })).toMatchObject({ value: { code: 'REMOTE_DENIED' } })
  })

  test.each([
    ['sign', null],
    ['sign', 'x'],
    ['sign', []],
    ['sign', { walletId: {}, scheme: 'ecdsa' }],
    ['sign', { walletId: 'a'.repeat(200), scheme: 'ecdsa' }],
    ['sign', { walletId: '00'.repeat(16), scheme: 'ed25519', message: [1, 2] }],
    ['sign', { walletId: '00'.repeat(16), scheme: 'ed25519', message: 'AAAA' }],
    ['sign', { walletId: '00'.repeat(16), scheme: 'ed25519', message: Object.create({ base64: '' }) }],
    ['sign', { walletId: '00'.repeat(16), scheme: 'ed25519', message: { length: 1e9 } }],
    ['sign', { walletId: '00'.repeat(16), scheme: 'ed25519', message: { base64: 'not base64' } }],
    ['sign', { walletId: '00'.repeat(16), scheme: 'ed25519', message: marked(new Uint8Array(65_537)) }],
    ['sign', { walletId: '00'.repeat(16), scheme: 'constructor', message: marked(new Uint8Array(0)) }],
    ['getWallet', { walletId: '../device-key' }],
    ['backupWallet', { walletId: '00'.repeat(16), method: 'plain' }],
    ['backupWallet', { walletId: '00'.repeat(16), method: { type: 'toString' } }],
    ['backupWallet', { walletId: '00'.repeat(16), method: { type: '__proto__' } }],
    ['backupWallet', { walletId: '00'.repeat(16), method: { type: 'plain', password: { toString: 'x' } } }],
    ['backupWallet', { walletId: '00'.repeat(16), method: { type: 'plain', 'a.b': 'x' } }],
    ['backupWallet', { walletId: '00'.repeat(16), method: { password: 'x' } }],
    ['recoverWallet', { method: { type: 'plain' }, existingSets: 'keep', backups: { type: 'plain' } }],
  ])(
    '%s with wrong parameters is a TypeError or RangeError, before the user is asked: %#',
    async (action, parameters) => {
      const { app, errors } = attack({ approve: vi.fn(() => true) })
      app.send(call(1, action, parameters))
      expect(await app.next({ id: 1 })).toMatchObject({
        type: 'error',
        value: { kind: expect.stringMatching(/^(type|range)$/) },
      })
      expect(errors).toEqual([])
    },
  )

  test('names of prototypes in parameters change nothing, and reach no maker', async () => {
    const seen: unknown[] = []
    const makers = {
      plain: (description: object) => {
        seen.push(Object.keys(description), Object.getPrototypeOf(description))
        throw new TypeError('no')
      },
    }
    const { app, ports } = attack({ methods: makers })
    const proto = '"__proto__":{"polluted":true,"approve":true,"walletId":"x"}'
    const method = `{"type":"plain",${proto.replace('{"polluted":true,"approve":true,"walletId":"x"}', '"x"')}}`
    const text = (id: number, made: string) =>
      `{"reshare":"remote","version":1,"session":"${SESSION}",${proto},"type":"call","id":${id},"action":"backupWallet","parameters":{${proto},"walletId":"${'00'.repeat(16)}","method":${made}}}`
    ports.app.send(text(1, method))
    expect(await app.next({ id: 1 })).toMatchObject({ value: { kind: 'type' } })
    ports.app.send(text(2, '{"type":"plain","password":"x"}'))
    expect(await app.next({ id: 2 })).toMatchObject({ value: { kind: 'type', message: 'no' } })
    expect(seen).toEqual([['type', 'password'], Object.prototype])
    expect({} as { polluted?: unknown }).not.toHaveProperty('polluted')
  })

  test('a message that is sent again runs nothing twice, and an id that went by is dead', async () => {
    const { app, ports, local } = attack()
    app.send(call(5, 'generateWallet', {}))
    await app.next({ type: 'result', id: 5 })
    for (const text of [...ports.toHost]) if (text.includes('generateWallet')) ports.app.send(text)
    app.send(call(3, 'generateWallet', {}))
    app.send(call(5, 'generateWallet', {}))
    app.send(call(6, 'listWallets', {}))
    await app.next({ type: 'result', id: 6 })
    expect(await reshare.listWallets(local)).toHaveLength(1)
    expect(app.received.filter(({ type }) => type === 'result')).toHaveLength(2)
  })

  test('a session that the host does not know is told so, and runs nothing', async () => {
    const { app, local } = attack()
    app.send({ ...call(1, 'generateWallet', {}), session: 'of somebody else' })
    expect(await app.next({ type: 'gone' })).toMatchObject({ id: 1, session: 'of somebody else' })
    expect(await reshare.listWallets(local)).toEqual([])
  })

  test('a flood is refused beyond the limit, over sessions too', async () => {
    const { app } = attack({ maxCalls: 3, approve: () => new Promise<boolean>(() => {}) })
    for (let id = 1; id <= 5; id++) app.send(call(id, 'generateWallet', {}))
    expect(await app.next({ type: 'error', id: 4 })).toMatchObject({ value: { code: 'RATE_LIMITED', retryable: true } })
    await app.next({ type: 'error', id: 5 })
    expect(app.received.filter(({ type }) => type === 'error')).toHaveLength(2)
  })

  test('a hello that is repeated keeps the session; another one ends it and aborts what runs', async () => {
    const signals: AbortSignal[] = []
    const approve = ({ signal }: ApprovalRequest) => {
      signals.push(signal)
      return new Promise<boolean>(() => {})
    }
    const { app } = attack({ approve })
    app.send(call(1, 'generateWallet', {}))
    app.send({ type: 'hello' })
    await settled()
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
    app.send({ type: 'hello', session: 'another' })
    await app.next({ type: 'ready', session: 'another' })
    await settled()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    app.send(call(2, 'listWallets', {}))
    expect(await app.next({ id: 2 })).toMatchObject({ type: 'gone' })
  })
})

describe('an approval', () => {
  let requests: ApprovalRequest[]
  beforeEach(() => void (requests = []))

  const asking = (answer: (request: ApprovalRequest) => unknown) => ({
    approve: (request: ApprovalRequest) => {
      requests.push(request)
      return answer(request) as boolean
    },
  })

  const fail = () => Promise.reject(new Error('no dialog'))
  test.each([() => false, () => undefined, () => 'true', () => 1, () => ({}), async () => false, fail])(
    'only true approves: %s',
    async (answer) => {
      const { app, local } = attack(asking(answer))
      app.send(call(1, 'generateWallet', {}))
      expect(await app.next({ id: 1 })).toMatchObject({ value: { code: 'REMOTE_DENIED', retryable: false } })
      expect(await reshare.listWallets(local)).toEqual([])
    },
  )

  test('what is approved is what is signed, whatever the approval or the app does meanwhile', async () => {
    const { app, local } = attack(
      asking((request) => {
        if (request.action === 'sign') {
          request.summary.message!.fill(9)
          expect(() => Object.assign(request.summary, { path: 'm/7' })).toThrow(TypeError)
        }
        return true
      }),
    )
    const { id: walletId, publicKeys } = await reshare.generateWallet(local)
    const message = utf8('pay 1 to Ann')
    app.send(call(1, 'sign', { walletId, scheme: 'ed25519', message: marked(message) }))
    const { value } = await app.next({ type: 'result', id: 1 })
    const again = await reshare.sign(local, { walletId, scheme: 'ed25519', message })
    expect(ed25519.verify(fromBase64((value as { signature: string }).signature), message, publicKeys.ed25519)).toBe(
      true,
    )
    expect(again.publicKey).toEqual(publicKeys.ed25519)
    expect(requests).toMatchObject([
      { action: 'sign', origin: 'https://app.example', summary: { walletId, scheme: 'ed25519' } },
    ])
  })

  test('it does not show passwords or cipherTexts, and reads are not asked for', async () => {
    const { app } = attack(asking(() => false))
    const method = { type: 'plain', password: 'correct horse' }
    app.send(call(1, 'recoverWallet', { method, rotateBackup: method, cipherText: 'x:00', existingSets: 'retire' }))
    await app.next({ id: 1 })
    await settled()
    expect(requests[0]!.signal.aborted).toBe(true)
    expect(requests[0]!.summary).toEqual({ method: 'plain', rotateBackup: 'plain', existingSets: 'retire' })
    app.send(call(2, 'listWallets', {}))
    await app.next({ id: 2 })
    expect(requests).toHaveLength(1)
  })

  test('one is asked for at a time, over all ports, and its end is told', async () => {
    const answers: ((is: boolean) => void)[] = []
    const options = asking(() => new Promise<boolean>((resolve) => answers.push(resolve)))
    const first = attack(options)
    const second = attack({ ...options, approvalTimeoutMs: 30 })
    first.app.send(call(1, 'generateWallet', {}))
    await settled()
    second.app.send(call(1, 'generateWallet', {}))
    await settled()
    expect(requests).toHaveLength(1)
    first.app.send({ type: 'abort', id: 1 })
    expect(await first.app.next({ id: 1 })).toMatchObject({ value: { code: 'ABORTED' } })
    expect(requests[0]!.signal.aborted).toBe(true)
    expect(await second.app.next({ id: 1 })).toMatchObject({ value: { code: 'REMOTE_DENIED' } })
    expect(requests.map(({ signal }) => signal.aborted)).toEqual([true, true])
    answers.forEach((answer) => answer(true))
    await settled()
    expect(await reshare.listWallets(first.local)).toEqual([])
    expect(await reshare.listWallets(second.local)).toEqual([])
  })
})

test('what the host sends has no share, OT state, key, password or stack in it', async () => {
  const { app, local, ports } = attack({
    methods: {
      plain: () => {
        throw new Error('a secret of the host')
      },
    },
  })
  app.send(call(1, 'generateWallet', {}))
  await app.next({ type: 'result', id: 1 })
  const { id: walletId } = (await reshare.listWallets(local))[0]!
  app.send(call(2, 'sign', { walletId, scheme: 'ecdsa', digest: marked(new Uint8Array(32)) }))
  await app.next({ type: 'result', id: 2 })
  app.send(call(3, 'backupWallet', { walletId, method: { type: 'plain', password: 'correct horse' } }))
  expect(await app.next({ type: 'error', id: 3 })).toMatchObject({ value: { kind: 'unexpected', message: '' } })
  const sent = ports.toApp.join('\n')
  for (const key of await local.store.list('')) {
    if (key.startsWith('wallet/')) continue
    const { value } = (await local.store.read(key))!
    for (let at = 0; at + 32 <= value.length; at += 16) {
      const part = value.subarray(at, at + 32)
      if (part.every((byte) => byte === 0)) continue
      expect(!(sent.includes(toHex(part)) || sent.includes(toBase64(part).slice(0, 40)))).toBe(true)
    }
  }
  for (const text of ['correct horse', 'a secret', '.ts:']) expect(sent).not.toContain(text)
})
