import { describe, expect, test } from 'vitest'
import { errorFromBody, errorStatus } from '../../src/api/errors.ts'
import { BadRequest, errorResponse } from '../../src/api/http.ts'
import { MpcError, ProtocolError, type ErrorCode } from '../../src/errors.ts'

const SERVER_CODES: ErrorCode[] = [
  'AUTH_FAILED',
  'POLICY_DENIED',
  'DEVICE_REVOKED',
  'SHARE_NOT_FOUND',
  'SET_MISMATCH',
  'OPERATION_IN_PROGRESS',
  'STORAGE_CONFLICT',
  'SET_RETIRED',
  'BACKUP_SUPERSEDED',
  'PROTOCOL_VERSION_UNSUPPORTED',
  'PROTOCOL_ABORTED',
  'SHARE_PARSING_FAILED',
  'OT_POISONED',
  'RATE_LIMITED',
  'WEBHOOK_FAILED',
  'STORAGE_UNAVAILABLE',
  'TIMEOUT',
]

describe('an error on its way from server to client', () => {
  test.each(SERVER_CODES)('%s arrives as it was', async (code) => {
    const answer = errorResponse(new MpcError(code, 'what happened', { cause: new Error('inner') }), () => undefined)
    expect(answer.status).toBe(errorStatus(code))
    expect(answer.status).toBeGreaterThanOrEqual(400)
    const text = await answer.text()
    const { retryable } = new MpcError(code, '')
    expect(text).toBe(`{"error":{"id":"${code}","message":"what happened","retryable":${retryable}}}`)
    expect(errorFromBody(answer.status, JSON.parse(text))).toMatchObject({ code, message: 'what happened', retryable })
  })

  test('how long to wait arrives too, in the header in whole seconds', async () => {
    const error = new MpcError('RATE_LIMITED', 'too often', { retryAfterMs: 1001 })
    const answer = errorResponse(error, () => undefined)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '2'])
    const body = (await answer.json()) as { error: object }
    expect(body.error).toEqual({ id: 'RATE_LIMITED', message: 'too often', retryable: true, retryAfterMs: 1001 })
    expect(errorFromBody(429, body)).toMatchObject({ code: 'RATE_LIMITED', retryable: true, retryAfterMs: 1001 })
    for (const retryAfterMs of ['7', -1, 1.5, null]) {
      expect(errorFromBody(429, { error: { ...body.error, retryAfterMs } }).retryAfterMs).toBeUndefined()
    }
  })

  test.each([true, false])('retryable %s of one error arrives as it was', async (retryable) => {
    const answer = errorResponse(new MpcError('STORAGE_CONFLICT', 'no', { retryable }), () => undefined)
    expect(errorFromBody(answer.status, await answer.json())).toMatchObject({ code: 'STORAGE_CONFLICT', retryable })
  })

  test.each(['PIN', 'CHEAT_OTE', 'CHEAT_VOLE', 'CHEAT_GAMMA'] as const)(
    'a failed check says that it failed, and nothing of which: %s',
    async (reason) => {
      const answer = errorResponse(new ProtocolError(reason, 2, [1], 'a detail'), () => undefined)
      const message = 'the operation was aborted: a check of the protocol failed'
      expect([answer.status, await answer.json()]).toEqual([
        422,
        { error: { id: 'PROTOCOL_ABORTED', message, retryable: false } },
      ])
    },
  )

  test('that the set-ups differ is told, for the client to make a new one', async () => {
    const answer = errorResponse(new ProtocolError('OT_DESYNC', 1, [], 'differ'), () => undefined)
    expect(errorFromBody(answer.status, await answer.json())).toMatchObject({ reason: 'OT_DESYNC', retryable: true })
  })

  test('bad input is 400', async () => {
    const answer = errorResponse(new BadRequest('no'), () => undefined)
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { error: { id: 'BAD_REQUEST', message: 'no', retryable: false } },
    ])
  })

  test('anything else says nothing about itself, and the operator hears it', async () => {
    const heard: unknown[] = []
    const error = new TypeError('a secret')
    const answer = errorResponse(error, (told) => heard.push(told))
    expect([answer.status, await answer.text()]).toEqual([
      500,
      '{"error":{"id":"INTERNAL","message":"the server failed","retryable":true}}',
    ])
    expect(heard).toEqual([error])
  })

  test.each([undefined, null, 7, 'text', {}, { error: {} }, { error: { id: 'toString' } }, { error: { id: 7 } }])(
    'a body of %o is a NETWORK_ERROR',
    (body) => {
      expect(errorFromBody(502, body)).toMatchObject({ code: 'NETWORK_ERROR', retryable: true })
      expect(errorFromBody(404, body)).toMatchObject({ code: 'NETWORK_ERROR', retryable: false })
    },
  )
})
