import { expect, test, vi } from 'vitest'
import type { ApprovalRequest } from '../../src/remote/host/approval.ts'
import { sign, signAll } from '../../src/remote/index.ts'
import { marked, rawSide } from './support/raw.ts'
import { serve } from './support/served.ts'

const digest = marked(new Uint8Array(32))
const empty = marked(new Uint8Array(0))

test.each([
  { scheme: 'ed25519', message: empty, digest },
  { scheme: 'ed25519', message: empty, hash: 'sha256' },
  { scheme: 'ed25519', message: empty, tapTweak: empty },
  { scheme: 'bip340', message: empty, digest },
  { scheme: 'ecdsa', digest, message: empty },
  { scheme: 'ecdsa', digest, tapTweak: empty },
])('a user is not asked with fields that are not signed: %j', async (parameters) => {
  const approve = vi.fn(() => false)
  const app = rawSide(serve({ approve }).ports.app)
  app.send({ type: 'hello' })
  app.send({ type: 'call', id: 1, action: 'sign', parameters: { walletId: '00'.repeat(16), ...parameters } })
  expect(await app.next({ id: 1 })).toMatchObject({ type: 'error', value: { kind: 'type' } })
  expect(approve).not.toHaveBeenCalled()
})

const WORDS = ['pay 1 to Ann', '0\n0', '\u202e00', '0'.repeat(300), 'é']

test.each([
  ...WORDS.map((walletId) => ['getWallet', { walletId }] as const),
  ...WORDS.map((walletId) => ['removeShare', { walletId }] as const),
  ...WORDS.map((walletId) => ['sign', { walletId, scheme: 'ed25519', message: empty }] as const),
  ...WORDS.map((scheme) => ['sign', { walletId: '00', scheme, message: empty }] as const),
  ...WORDS.map((path) => ['sign', { walletId: '00', scheme: 'ed25519', path, message: empty }] as const),
  ...WORDS.map((kind) => ['sign', { walletId: '00', scheme: 'ecdsa', digest, intent: { kind } }] as const),
  ...WORDS.map((scope) => ['provisionWallet', { method: { type: 'plain' }, cipherText: 'x', scope }] as const),
  ...WORDS.map((setId) => ['retireSet', { walletId: '00', setId }] as const),
  ...WORDS.map((approvalId) => ['approveRequest', { approvalId }] as const),
])('a user is not shown words of the app as parameters: %s %j', async (action, parameters) => {
  const approve = vi.fn(() => false)
  const app = rawSide(serve({ approve }).ports.app)
  app.send({ type: 'hello' })
  app.send({ type: 'call', id: 1, action, parameters })
  expect(await app.next({ id: 1 })).toMatchObject({ type: 'error', value: { kind: 'range' } })
  expect(approve).not.toHaveBeenCalled()
})

const items = [{ scheme: 'ed25519', message: empty }]

test.each([
  { items: [...items, { scheme: 'ed25519', message: empty, digest }] },
  { items: [...items, { scheme: 'ecdsa', digest, message: empty }] },
  { items: 'none' },
  { items: [null] },
  {},
  { items, data: 'none' },
  { items: [{ ...items[0], intent: { kind: 'solanaMessage', data: 0 } }] },
  { items: [{ ...items[0], intent: { kind: 'solanaMessage', data: 64 } }] },
  { items: new Array(65).fill(items[0]) },
])('nor of several signatures: %j', async (parameters) => {
  const approve = vi.fn(() => false)
  const app = rawSide(serve({ approve }).ports.app)
  app.send({ type: 'hello' })
  app.send({
    type: 'call',
    id: 1,
    action: 'signAll',
    parameters: { walletId: '00'.repeat(16), data: [], ...parameters },
  })
  const kind = expect.stringMatching(/^(type|range)$/) as string
  expect(await app.next({ id: 1 })).toMatchObject({ type: 'error', value: { kind } })
  expect(approve).not.toHaveBeenCalled()
})

test('an approval sees every item with its intent, and bytes of several intents cross once', async () => {
  const approve = vi.fn((_: ApprovalRequest) => false)
  const { remote, ports } = serve({ approve })
  const [data, walletId] = [new Uint8Array(5000).fill(3), '00'.repeat(16)]
  const intent = (input: number) => ({ kind: 'bitcoinTransaction', data: data.slice(), input }) as const
  const given = [0, 1, 2].map((i) => {
    return { scheme: 'ecdsa', digest: new Uint8Array(32).fill(i), path: `m/${i}`, intent: intent(i) } as const
  })
  await expect(signAll(remote, { walletId, items: given })).rejects.toMatchObject({ code: 'REMOTE_DENIED' })
  expect(approve.mock.calls.map(([{ action, summary }]) => [action, summary])).toEqual([
    ['signAll', { walletId, items: given }],
  ])
  expect(Math.max(...ports.toHost.map(({ length }) => length))).toBeLessThan(8000)
})

test.each([
  ['a text for bytes', { message: 'AAAA' }],
  ['a list for bytes', { message: [1, 2] }],
  ['bytes of a number', { message: 7 }],
  ['a path that is no text', { message: new Uint8Array(1), path: { base64: '' } }],
])('%s is a TypeError, before the user is asked', async (_, parameters) => {
  const approve = vi.fn(() => false)
  const { remote } = serve({ approve })
  const given = { walletId: '00'.repeat(16), scheme: 'ed25519', ...parameters } as never
  await expect(sign(remote, given)).rejects.toBeInstanceOf(TypeError)
  expect(approve).not.toHaveBeenCalled()
})

test('callbacks and signals do not cross', async () => {
  const { remote, ports } = serve({ approve: () => false })
  const { signal } = new AbortController()
  const options = { walletId: '00'.repeat(16), scheme: 'ed25519', message: new Uint8Array(1), timeoutMs: 5000 } as const
  const signed = sign(remote, { ...options, signal, onProgress: () => {} })
  await expect(signed).rejects.toMatchObject({ code: 'REMOTE_DENIED' })
  const call = ports.toHost.find((text) => text.includes('"call"'))!
  const { parameters } = JSON.parse(call) as { parameters: object }
  expect(parameters).toEqual({ walletId: options.walletId, scheme: 'ed25519', message: { base64: 'AA==' } })
})
