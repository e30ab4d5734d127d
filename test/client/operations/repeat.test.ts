import { describe, expect, test } from 'vitest'
import {
  confirmBackup,
  generateWallet,
  listDevices,
  MpcError,
  recoverWallet,
  backupWallet,
  sign,
  type ClientOptions,
  type Transport,
  type TransportRequest,
  type TransportResponse,
} from '../../../src/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { stage } from '../support/devices.ts'
import { plainMethod } from '../support/plain-method.ts'

const message = utf8('hello')
const method = plainMethod()
const error = (id: string, retryable: boolean, more = {}) =>
  utf8(JSON.stringify({ error: { id, message: 'told', retryable, ...more } }))

/** A client whose waits pass at once, by its own clock. */
function clocked() {
  let time = 1_700_000_000_000
  const waits: number[] = []
  const wait = async (delayMs: number) => {
    waits.push(delayMs)
    time += delayMs
  }
  return { waits, options: { repeats: true, wait, now: () => time } satisfies Partial<ClientOptions> }
}

type Trouble = TransportResponse | Error

/** Meets the first attempts at each request with trouble. Keeps what was sent. */
function troubled(transport: Transport, troubles: readonly Trouble[]) {
  const attempts = new Map<string, TransportRequest[]>()
  const request: Transport['request'] = async (sent) => {
    const seen = attempts.get(sent.path) ?? []
    attempts.set(sent.path, [...seen, { ...sent, ...(sent.body && { body: sent.body.slice() }) }])
    const trouble = troubles[seen.length]
    if (trouble instanceof Error) throw trouble
    return trouble ?? transport.request(sent)
  }
  return { attempts, request }
}

const answer = (status: number, body = utf8('<html>')): TransportResponse => ({ status, body })
const PASSING = [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530]

describe('what passes', () => {
  test.each<[string, Trouble]>([
    ...PASSING.map((status): [string, Trouble] => [`a gateway's ${status}`, answer(status)]),
    ['our 409 of an operation in progress', answer(409, error('OPERATION_IN_PROGRESS', true))],
    ['our 502 of a custodian that is down', answer(502, error('WEBHOOK_FAILED', true))],
    ['our 503 of a database that is busy', answer(503, error('INTERNAL', true))],
    ['our 429 of a rate', answer(429, error('RATE_LIMITED', true, { retryAfterMs: 2000 }))],
    ['a connection that breaks', new MpcError('NETWORK_ERROR', 'broken')],
    ['no answer in time', new MpcError('TIMEOUT', 'late')],
  ])('%s is met by the same request again', async (_, trouble) => {
    const { server, device } = stage()
    const { options, waits } = clocked()
    const { attempts, request } = troubled(server, [trouble, trouble])
    const client = device('phone', { ...options, transport: { request } })
    const { id: walletId } = await generateWallet(client)
    const { cipherText } = await backupWallet(client, { walletId, method })
    await recoverWallet(device('laptop', { ...options, transport: { request } }), {
      cipherText,
      method,
      existingSets: 'keep',
    })
    await sign(client, { walletId, scheme: 'ed25519', message })
    for (const [path, sent] of attempts) {
      expect([path, sent.length]).toEqual([path, 3])
      for (const { signal: _, ...one } of sent.slice(1)) expect(one).toEqual({ ...sent[0], signal: undefined })
    }
    expect(waits).toHaveLength(2 * attempts.size)
    // One operation each, however often it was asked for.
    expect(server.requests.map(({ kind }) => kind)).toEqual(['generate', 'prove', 'backup', 'recover', 'sign'])
  })
})

describe('what does not pass', () => {
  test.each<[string, Trouble, object]>([
    ['our 502 that is final', answer(502, error('WEBHOOK_FAILED', false)), { code: 'WEBHOOK_FAILED', message: 'told' }],
    ['our 503 that is final', answer(503, error('STORAGE_UNAVAILABLE', false)), { code: 'STORAGE_UNAVAILABLE' }],
    ['our 500', answer(500, error('INTERNAL', true)), { code: 'NETWORK_ERROR', retryable: true }],
    ['a denial', answer(403, error('POLICY_DENIED', false)), { code: 'POLICY_DENIED' }],
    ['a page that is not there', answer(404), { code: 'NETWORK_ERROR', retryable: false }],
    ['a redirect', answer(302), { code: 'NETWORK_ERROR', retryable: false }],
    ['a page in the place of a response', answer(200), { code: 'MALFORMED_RESPONSE', retryable: false }],
    ['a channel that does not open', new MpcError('CHANNEL_FAILED', 'no'), { code: 'CHANNEL_FAILED' }],
    [
      'a transport that calls it final',
      new MpcError('NETWORK_ERROR', 'no', { retryable: false }),
      { code: 'NETWORK_ERROR', retryable: false },
    ],
    ['a transport that throws anything', new RangeError('bug'), { code: 'NETWORK_ERROR', retryable: false }],
  ])('%s is told at once', async (_, trouble, told) => {
    const { server, device } = stage()
    const { options, waits } = clocked()
    const { attempts, request } = troubled(server, [trouble])
    const client = device('phone', { ...options, transport: { request } })
    await expect(confirmBackup(client, { setId: '0'.repeat(64) })).rejects.toMatchObject(told)
    expect([...attempts.values()].map(({ length }) => length)).toEqual([1])
    expect(waits).toEqual([])
  })

  test('nothing is sent again where the app has said so', async () => {
    const { server, device } = stage()
    const { options, waits } = clocked()
    const { request } = troubled(server, [answer(503)])
    const client = device('phone', { ...options, repeats: false, transport: { request } })
    await expect(generateWallet(client)).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: true })
    expect(waits).toEqual([])
  })
})

describe('the waits', () => {
  const down = (trouble: Trouble): Transport => ({
    request: async () => {
      if (trouble instanceof Error) throw trouble
      return trouble
    },
  })

  test('grow, at random, up to a bound, and end in time for the caller to hear what is wrong', async () => {
    const { device } = stage()
    const { options, waits } = clocked()
    const began = options.now()
    const client = device('phone', { ...options, transport: down(answer(502, error('WEBHOOK_FAILED', true))) })
    await expect(listDevices(client, { timeoutMs: 60_000 })).rejects.toMatchObject({ code: 'WEBHOOK_FAILED' })
    for (const [i, delayMs] of waits.entries()) {
      const most = Math.min(250 * 2 ** i, 10_000)
      expect(delayMs).toBeGreaterThanOrEqual(most / 2)
      expect(delayMs).toBeLessThan(most)
    }
    const passed = options.now() - began
    expect(passed).toBeGreaterThan(45_000)
    expect(passed).toBeLessThan(60_000)
    expect(new Set(waits.map((delayMs, i) => delayMs / (250 * 2 ** i))).size).toBeGreaterThan(3)
  })

  test('are as long as the answer asks for, and a little longer', async () => {
    const { server, device } = stage()
    const { options, waits } = clocked()
    const troubles = [
      { ...answer(503), retryAfterMs: 7000 },
      answer(429, error('RATE_LIMITED', true, { retryAfterMs: 30_000 })),
    ]
    const client = device('phone', { ...options, transport: troubled(server, troubles) })
    await generateWallet(client)
    const [first, second] = waits as [number, number]
    expect(first).toBeGreaterThanOrEqual(7000 + 125)
    expect(first).toBeLessThan(7000 + 250)
    expect(second).toBeGreaterThanOrEqual(30_000 + 250)
    expect(second).toBeLessThan(30_000 + 500)
  })

  test('do not begin where the answer asks for more than there is time for', async () => {
    const { device } = stage()
    const { options, waits } = clocked()
    for (const [trouble, code] of [
      [{ ...answer(429), retryAfterMs: 200_000 }, 'RATE_LIMITED'],
      [{ ...answer(503), retryAfterMs: Number.MAX_SAFE_INTEGER }, 'NETWORK_ERROR'],
    ] as const) {
      const attempt = listDevices(device('phone', { ...options, transport: down(trouble) }))
      await expect(attempt).rejects.toMatchObject({ code, retryAfterMs: trouble.retryAfterMs })
    }
    expect(waits).toEqual([])
  })

  test('end when the caller aborts', async () => {
    const { device } = stage()
    const stop = new AbortController()
    const wait = () => {
      stop.abort('enough')
      return new Promise<never>(() => {})
    }
    const client = device('phone', { ...clocked().options, wait, transport: down(answer(503)) })
    await expect(listDevices(client, { signal: stop.signal })).rejects.toMatchObject({
      code: 'ABORTED',
      cause: 'enough',
    })
  })
})

describe('a transport of the app', () => {
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'ok'],
    ['no status', { body: new Uint8Array() }],
    ['a status as text', { status: '200', body: new Uint8Array() }],
    ['a status that is no number', { status: Number.NaN, body: new Uint8Array() }],
    ['no body', { status: 200 }],
    ['a body as text', { status: 200, body: '{}' }],
    ['a body as a list', { status: 200, body: [123, 125] }],
    ['a buffer for bytes', { status: 200, body: new ArrayBuffer(2) }],
    [
      'a trap',
      {
        get status() {
          throw new Error('trap')
        },
      },
    ],
  ])('that gives %s is a NETWORK_ERROR, at once', async (_, nonsense) => {
    const { device } = stage()
    const { options, waits } = clocked()
    for (const give of [() => nonsense, async () => nonsense]) {
      const client = device('phone', { ...options, transport: { request: give as never } })
      await expect(listDevices(client)).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: false })
      await expect(generateWallet(client)).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: false })
    }
    expect(waits).toEqual([])
  })

  test('that asks for a wait that is none is asked again as if it had not', async () => {
    for (const retryAfterMs of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e99, '7', null, {}]) {
      const { server, device } = stage()
      const { options, waits } = clocked()
      const trouble = { ...answer(503), retryAfterMs } as TransportResponse
      const client = device('phone', { ...options, transport: troubled(server, [trouble]) })
      await expect(generateWallet(client)).resolves.toBeDefined()
      for (const delayMs of waits) expect(delayMs).toBeLessThan(250)
    }
  })
})
