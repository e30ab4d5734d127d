import { describe, expect, test } from 'vitest'
import { parseErrorBody, readFailure } from '../../../src/wire/error-body.ts'
import { paths } from '../../../src/wire/paths.ts'
import { MpcError } from '../../../src/errors.ts'
import { createServer, type PolicyRequest, type ServerOptions } from '../../../src/server/index.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { generateKeyPair } from '../../../src/hpke/x25519.ts'
import { ClientOperation, play, type ServerClient } from '../../support/server-client.ts'
import { FAILURES, never, raise } from '../support/hook-failures.ts'
import { FAILED, hookedOwner, status } from '../support/hooked-owner.ts'
import { generate, setIdOf, sign, type TestWallet } from '../support/wallets.ts'
import { MASTER_KEY, type World } from '../support/world.ts'

let world: World
let clientId: string
let wallet: TestWallet
const { server, owner, told } = hookedOwner((made) => ({ world, clientId, wallet } = made))

describe('authenticate', () => {
  const asking = (authenticate: unknown) => server({ authenticate: authenticate as ServerOptions['authenticate'] })

  test.each(FAILURES)('that %s lets nobody in, says nothing, and is told of', async (_, fail) => {
    const client = owner(asking(fail))
    expect(status(await client.send('GET', paths.devices))).toEqual(FAILED)
    expect(told()).toEqual(['the hook authenticate has failed'])
  })

  const names = { clientId: 'somebody' }
  let read = 0
  test.each<[string, unknown]>([
    ['true', true],
    ['a name', 'somebody'],
    ['a number', 1],
    ['nothing of its own', Object.create(names)],
    ['what was put into the prototype', Object.assign({}, JSON.parse('{"__proto__":{"clientId":"somebody"}}'))],
    ['a name that is none', { clientId: ['somebody'] }],
    ['half of a surrogate pair', { clientId: 'team\ud83d' }],
    ['an empty name', { clientId: '' }],
    [
      'another name each time that it is looked at',
      Object.defineProperty({}, 'clientId', { get: () => (read++ === 0 ? '' : 'somebody') }),
    ],
    ['a proxy that says that it has one', new Proxy({}, { has: () => true, get: () => names.clientId })],
  ])('that answers %s lets nobody in', async (_, answer) => {
    const client = owner(asking(() => answer))
    expect(status(await client.send('GET', paths.devices))).toEqual([500, 'INTERNAL'])
    expect(told()).toHaveLength(1)
  })

  test.each([undefined, null, false])('that answers %s does not know who that is', async (answer) => {
    expect(status(await owner(asking(() => answer)).send('GET', paths.devices))).toEqual([401, 'AUTH_FAILED'])
    expect(told()).toEqual([])
  })

  test('may answer by any thenable, and whatever the object is otherwise', async () => {
    class Session {
      readonly clientId = clientId
    }
    const thenable = { then: (resolve: (answer: unknown) => void) => resolve(Object.freeze(new Session())) }
    expect(status(await owner(asking(() => thenable)).send('GET', paths.devices))).toEqual([200, 'OK'])
  })

  test('is told when nobody waits for it any more', async () => {
    const signals: AbortSignal[] = []
    const client = owner(asking(({ signal }: Request) => (signals.push(signal), never())))
    await client.send('GET', paths.devices)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    told()
  })
})

describe('the policy', () => {
  const asking = (policy: unknown) => owner(server({ policy: policy as NonNullable<ServerOptions['policy']> }))

  test.each(FAILURES)(
    'that %s keeps an action from starting, and the same request may start it later',
    async (_, fail) => {
      const down = asking(fail)
      const one = sign(down, wallet.signing)
      expect(status(await one.post())).toEqual(FAILED)
      expect(status(await down.send('POST', paths.retire(setIdOf(wallet.signing))))).toEqual(FAILED)
      expect(told()).toEqual(Array(2).fill('the hook policy has failed'))
      expect(status(await one.post(owner(server())))).toEqual([200, 'OK'])
    },
  )

  test.each<[string, unknown]>([
    ['1', 1],
    ['a word', 'true'],
    ['an object', {}],
    ['a boxed true', Object(true)],
    ['an array', [true]],
    ['nothing', undefined],
  ])('that answers %s denies', async (_, answer) => {
    expect(
      status(
        await sign(
          asking(() => answer),
          wallet.signing,
        ).post(),
      ),
    ).toEqual([403, 'POLICY_DENIED'])
    expect(told()).toEqual([])
  })

  test('may say why it denies', async () => {
    const denial = asking(() => ({ allowed: false, reason: 'the wallet is frozen' }))
    const answers = [
      await sign(denial, wallet.signing).post(),
      await denial.send('POST', paths.retire(setIdOf(wallet.signing))),
    ]
    const errors = answers.map((answer) => readFailure(answer.status, parseErrorBody(answer.body)).error)
    const expected = { code: 'POLICY_DENIED', denial: { by: 'policy', reason: 'the wallet is frozen' } }
    expect(errors).toMatchObject([expected, expected])
    expect(errors[0]?.message).toBe('the policy denies sign: the wallet is frozen')
    expect(told()).toEqual([])
  })

  test.each<[string, unknown, object]>([
    ['without a reason', { allowed: false }, { by: 'policy', reason: '' }],
    ['as a rule does', { allowed: false, reasons: ['deny: everything is denied'] }, { by: 'policy', reason: '' }],
  ])('that denies %s denies', async (_, answer, denial) => {
    const { status: code, body } = await sign(asking(() => answer), wallet.signing).post() // prettier-ignore
    expect(readFailure(code, parseErrorBody(body)).error).toMatchObject({ code: 'POLICY_DENIED', denial })
  })

  test.each([1, 'two\nlines', 'x'.repeat(201), null])('with %j for a reason fails', async (reason) => {
    const answer = await sign(asking(() => ({ allowed: false, reason })), wallet.signing).post() // prettier-ignore
    expect(status(answer)).toEqual(FAILED)
    told()
  })

  test('changes nothing by changing what it is given', async () => {
    const asked: PolicyRequest[] = []
    const meddling = asking((request: PolicyRequest) => {
      asked.push(structuredClone(request))
      request.message?.fill(0)
      return Object.assign(request, { clientId: 'else', setId: 'else', walletId: 'else' }) && true
    })
    await play(sign(meddling, wallet.signing))
    expect(asked).toMatchObject([{ clientId, setId: setIdOf(wallet.signing), action: 'sign' }])
  })
})

function exportOf(client: ServerClient): ClientOperation {
  const receiver = toHex(generateKeyPair(world.random).publicKey)
  const named = { walletId: wallet.walletId, setId: setIdOf(wallet.signing) }
  const request = { kind: 'export', ...named, curve: 'ed25519', authorization: '1', receiver } as const
  return new ClientOperation(client, request, wallet.signing)
}

describe('authorizeExport', () => {
  test.each(FAILURES)('that %s denies, is told of, and counts', async (_, fail) => {
    world.pass(24 * 60 * 60_000)
    const lockOut = { failures: 2, withinMs: 1000, lockedMs: 1000 }
    const client = owner(server({ authorizeExport: fail, limits: { lockOut } }))
    const answers: unknown[] = []
    for (let i = 0; i < 3; i++) answers.push(status(await exportOf(client).post()))
    expect(answers).toEqual([
      [403, 'POLICY_DENIED'],
      [403, 'POLICY_DENIED'],
      [429, 'RATE_LIMITED'],
    ])
    expect(told()).toEqual(Array(2).fill('the hook authorizeExport has failed'))
  })
})

describe('random and now', () => {
  const bytes = (length: number) => world.random(length)
  test.each<[string, (length: number) => unknown]>([
    ['too few', (length) => bytes(length - 1)],
    ['too many', (length) => bytes(length + 1)],
    ['no bytes', (length) => Array.from(bytes(length))],
    ['other numbers', (length) => new Uint16Array(length)],
    ['bytes that will come', async (length) => bytes(length)],
    ['nothing', () => undefined],
    ['an error', () => raise(new Error('no entropy'))],
    ['an error with a code', () => raise(new MpcError('AUTH_FAILED', 'from the source'))],
  ])('a source that gives %s makes nothing', async (_, random) => {
    const client = owner(server({ random: random as never }))
    const answer = await generate(client).post()
    expect(answer.status).not.toBe(200)
    expect(status(await sign(client, wallet.signing).post())[0]).not.toBe(200)
    told()
  })

  test.each<[string, () => unknown]>([
    ['no number', () => Number.NaN],
    ['an endless time', () => Infinity],
    ['a time that is no date', () => 8.64e15],
    ['a time before there was any', () => -1],
    ['text', () => '1767225600000'],
    ['a date', () => new Date()],
    ['nothing', () => undefined],
    ['an error', () => raise(new Error('no clock'))],
  ])('a clock that says %s lets nothing begin', async (_, now) => {
    const client = owner(server({ now: now as never }))
    expect(status(await sign(client, wallet.signing).post())).toEqual([500, 'INTERNAL'])
    expect(told().length).toBeGreaterThan(0)
  })

  test('a source may give bytes of any kind, and a clock fractions', async () => {
    const client = owner(server({ random: (length) => Buffer.from(bytes(length)), now: () => world.now() + 0.75 }))
    await play(sign(client, wallet.signing))
  })
})

test.each<[string, object]>([
  ['a hook that is no function', { policy: true }],
  ['a log that is no function', { onError: {} }],
  ['a clock that is no function', { now: 1 }],
  ['a source that is no function', { random: new Uint8Array(32) }],
  ['a custodian that stores nothing', { custodian: { fetch: () => [] } }],
  ['a custodian that gives nothing', { custodian: { store: () => undefined } }],
])('refuses %s', (_, options) => {
  const authenticate = () => undefined
  expect(() =>
    createServer({ database: world.database, masterKey: MASTER_KEY.slice(0, 32), authenticate, ...options }),
  ).toThrow(TypeError)
})

test.each([
  { hookMs: 0 },
  { hookMs: Infinity },
  { operationMs: Number.MAX_SAFE_INTEGER },
  { openOperations: 2 ** 31 },
  { rates: { sign: { count: 2 ** 31, perMs: 1 } } },
  { rates: { sign: { count: 1, perMs: Number.MAX_SAFE_INTEGER } } },
  { lockOut: { failures: 2 ** 30, withinMs: 1, lockedMs: 1 } },
])('refuses limits that no date, count or timer can keep: %o', (limits) => {
  expect(() => server({ limits })).toThrow(RangeError)
})
