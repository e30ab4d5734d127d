import { describe, expect, test } from 'vitest'
import { webhookCustodian } from '../../src/custodian/index.ts'
import { toBase64 } from '../../src/util/bytes.ts'

const SECRET = 'webhook-secret-of-the-tests'
const setId = '5e'.repeat(32)
const backup = { clientId: 'ann', setId, backupMethod: 'PASSWORD', share: Uint8Array.of(1, 2, 3) } as const

type Respond = (request: Request) => Response | Promise<Response>

function against(respond: Respond, options: { timeoutMs?: number } = {}) {
  const fetch: typeof globalThis.fetch = (input, init) => Promise.resolve(respond(new Request(input, init)))
  return webhookCustodian({ url: 'https://app.test/hooks/', secret: SECRET, fetch, ...options })
}

test('sends what the app expects, with the secret', async () => {
  const requests: unknown[] = []
  const custodian = against(async (request) => {
    const { url, method, headers, redirect } = request
    requests.push([method, url, headers.get('x-webhook-secret'), headers.get('content-type'), redirect])
    requests.push(await request.json())
    return Response.json({ backupShares: [toBase64(backup.share)] })
  })
  await custodian.store(backup)
  expect(await custodian.fetch('ann', setId)).toEqual([backup.share])
  await custodian.delete?.('ann', setId)
  expect(requests).toEqual([
    ['POST', 'https://app.test/hooks/backup', SECRET, 'application/json', 'error'],
    { clientId: 'ann', backupMethod: 'PASSWORD', share: toBase64(backup.share), setId },
    ['POST', 'https://app.test/hooks/backup/fetch', SECRET, 'application/json', 'error'],
    { clientId: 'ann', setId },
    ['POST', 'https://app.test/hooks/backup/delete', SECRET, 'application/json', 'error'],
    { clientId: 'ann', setId },
  ])
})

test.each([200, 204, 404, 501])('a deletion that is answered with %i is over', async (status) => {
  await against(() => new Response(null, { status })).delete?.('ann', setId)
})

test.each([401, 500])('a deletion that is answered with %i is not', async (status) => {
  const deleting = against(() => new Response(null, { status })).delete?.('ann', setId)
  await expect(deleting).rejects.toMatchObject({ code: 'WEBHOOK_FAILED' })
})

describe('is WEBHOOK_FAILED', () => {
  test.each<[string, Respond, boolean]>([
    ['500', () => new Response('', { status: 500 }), true],
    ['503', () => new Response('', { status: 503 }), true],
    ['401', () => new Response('', { status: 401 }), false],
    ['201, which promises nothing', () => new Response('{}', { status: 201 }), false],
    ['a network failure', () => Promise.reject(new TypeError('fetch failed')), true],
    ['an endless answer', () => new Response(endless()), false],
  ])('%s', async (_, respond, retryable) => {
    await expect(against(respond).store(backup)).rejects.toMatchObject({ code: 'WEBHOOK_FAILED', retryable })
    await expect(against(respond).fetch('ann', setId)).rejects.toMatchObject({ code: 'WEBHOOK_FAILED', retryable })
  })

  test.each(['', '{', '[]', 'null', '{}', '{"backupShares":7}', '{"backupShares":[7]}', '{"backupShares":["AAA"]}'])(
    'shares that are %j, without repeating them',
    async (text) => {
      const failure = await against(() => new Response(text))
        .fetch('ann', setId)
        .catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'WEBHOOK_FAILED', retryable: false })
      expect((failure as Error).cause).toBeUndefined()
    },
  )

  test('no answer in time', async () => {
    const silent: Respond = (request) =>
      new Promise((_, reject) => {
        request.signal.addEventListener('abort', () => reject(request.signal.reason as Error))
      })
    await expect(against(silent, { timeoutMs: 1 }).store(backup)).rejects.toMatchObject({
      code: 'WEBHOOK_FAILED',
      retryable: true,
    })
  })

  function endless(): ReadableStream<Uint8Array> {
    return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)) })
  }
})

test.each([
  [{ url: 'app.test' }, TypeError],
  [{ url: 'ftp://app.test' }, TypeError],
  [{ secret: undefined }, TypeError],
  [{ secret: 'too short' }, TypeError],
  [{ secret: 'a secret with spaces' }, TypeError],
  [{ secret: 'kein-gültiger-header-wert' }, TypeError],
  [{ timeoutMs: 0 }, RangeError],
  [{ timeoutMs: 1.5 }, RangeError],
])('the options %o are refused', (options, kind) => {
  expect(() => webhookCustodian({ url: 'https://app.test', secret: SECRET, ...options } as never)).toThrow(kind)
})
