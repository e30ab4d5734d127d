import { describe, expect, test } from 'vitest'
import { webhookCustodian } from '../../src/custodian/index.ts'
import { toBase64 } from '../../src/util/bytes.ts'

const SECRET = 'webhook-secret-of-the-tests'
const setId = '5e'.repeat(32)
const backup = { clientId: 'ann', setId, backupMethod: 'PASSWORD', share: Uint8Array.of(1, 2, 3) } as const

type Respond = (request: Request) => Response | Promise<Response>

function against(respond: Respond, options: { timeoutMs?: number; nameSets?: boolean } = {}) {
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
    ['POST', 'https://app.test/hooks/backup', SECRET, 'application/json', 'manual'],
    { clientId: 'ann', backupMethod: 'PASSWORD', share: toBase64(backup.share), setId },
    ['POST', 'https://app.test/hooks/backup/fetch', SECRET, 'application/json', 'manual'],
    { clientId: 'ann', setId },
    ['POST', 'https://app.test/hooks/backup/delete', SECRET, 'application/json', 'manual'],
    { clientId: 'ann', setId },
  ])
})

test('names the set with the method, for a backend that keeps one share for each name', async () => {
  const bodies: unknown[] = []
  const custodian = against(
    async (request) => {
      bodies.push(await request.json())
      return new Response(null, { status: 204 })
    },
    { nameSets: true },
  )
  await custodian.store(backup)
  expect(bodies).toEqual([{ clientId: 'ann', backupMethod: `PASSWORD-${setId}`, share: toBase64(backup.share), setId }])
})

test.each([200, 201, 202, 204])('%i says that a share is stored', async (status) => {
  await against(() => new Response(null, { status })).store(backup)
})

test('201 may answer a question for shares, and one that is no base64 hides no other', async () => {
  const backupShares = ['AAA', 7, toBase64(backup.share), null, { share: toBase64(backup.share) }]
  const custodian = against(() => Response.json({ backupShares }, { status: 201 }))
  expect(await custodian.fetch('ann', setId)).toEqual([backup.share])
  expect(await against(() => Response.json({ backupShares: [] })).fetch('ann', setId)).toEqual([])
})

test.each([200, 201, 204, 404, 501])('a deletion that is answered with %i is over', async (status) => {
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
    ['404', () => new Response('', { status: 404 }), false],
    ['501', () => new Response('', { status: 501 }), true],
    ['408', () => new Response('', { status: 408 }), true],
    ['425', () => new Response('', { status: 425 }), true],
    ['429', () => new Response('', { status: 429 }), true],
    ['a redirect', () => new Response('', { status: 307, headers: { location: 'https://b.test' } }), false],
    ['a redirect in a browser', () => Response.error(), false],
    ['nothing', () => undefined as never, true],
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

  test.each<[string, Respond]>([
    [
      'from a fetch that watches its signal',
      (request) =>
        new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => reject(request.signal.reason as Error))
        }),
    ],
    ['from one that does not', () => new Promise(() => undefined)],
    ['in a body that does not end', () => new Response(new ReadableStream())],
  ])('no answer in time %s', async (_, respond) => {
    const custodian = against(respond, { timeoutMs: 1 })
    for (const asked of [custodian.store(backup), custodian.fetch('ann', setId), custodian.delete?.('ann', setId)]) {
      await expect(asked).rejects.toMatchObject({ code: 'WEBHOOK_FAILED', retryable: true })
    }
  })

  function endless(): ReadableStream<Uint8Array> {
    return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)) })
  }
})

test.each([
  [{ url: 'app.test' }, TypeError],
  [{ url: 'ftp://app.test' }, TypeError],
  [{ url: 'http://app.test' }, TypeError],
  [{ url: 'https://user:password@app.test' }, TypeError],
  [{ url: 'https://app.test/?token=secret' }, TypeError],
  [{ url: 'https://app.test/#' }, TypeError],
  [{ url: new URL('https://app.test') }, TypeError],
  [{ nameSets: 'yes' }, TypeError],
  [{ secret: undefined }, TypeError],
  [{ secret: 'too short' }, TypeError],
  [{ secret: 'a secret with spaces' }, TypeError],
  [{ secret: 'kein-gültiger-header-wert' }, TypeError],
  [{ timeoutMs: 0 }, RangeError],
  [{ timeoutMs: 1.5 }, RangeError],
])('the options %o are refused', (options, kind) => {
  expect(() => webhookCustodian({ url: 'https://app.test', secret: SECRET, ...options } as never)).toThrow(kind)
})

test.each(['http://localhost:3000', 'http://app.localhost', 'http://127.0.0.1:1/hooks/', 'http://[::1]:80'])(
  'the URL %s is on this machine',
  (url) => {
    expect(() => webhookCustodian({ url, secret: SECRET })).not.toThrow()
  },
)
