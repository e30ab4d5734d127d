import { describe, expect, test } from 'vitest'
import { errorStatus, transportFailure, readFailure } from '../../src/wire/error-body.ts'
import { BadRequest, errorResponse } from '../../src/service/http.ts'
import { MpcError, ProtocolError, type ErrorCode } from '../../src/errors.ts'

const SERVER_CODES: ErrorCode[] = [
  'AUTH_FAILED',
  'POLICY_DENIED',
  'INTENT_REQUIRED',
  'INTENT_MISMATCH',
  'DEVICE_REVOKED',
  'SHARE_NOT_FOUND',
  'SET_MISMATCH',
  'OPERATION_IN_PROGRESS',
  'STORAGE_CONFLICT',
  'WALLET_EXISTS',
  'SET_RETIRED',
  'SET_EXPIRED',
  'BACKUP_SUPERSEDED',
  'PROTOCOL_VERSION_UNSUPPORTED',
  'PROTOCOL_ABORTED',
  'SHARE_PARSING_FAILED',
  'OT_POISONED',
  'RATE_LIMITED',
  'WEBHOOK_FAILED',
  'CLIENT_MOVED',
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
    expect(readFailure(answer.status, JSON.parse(text)).error).toMatchObject({
      code,
      message: 'what happened',
      retryable,
    })
  })

  test('how long to wait arrives too, in the header in whole seconds', async () => {
    const error = new MpcError('RATE_LIMITED', 'too often', { retryAfterMs: 1001 })
    const answer = errorResponse(error, () => undefined)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '2'])
    const body = (await answer.json()) as { error: object }
    expect(body.error).toEqual({ id: 'RATE_LIMITED', message: 'too often', retryable: true, retryAfterMs: 1001 })
    expect(readFailure(429, body).error).toMatchObject({ code: 'RATE_LIMITED', retryable: true, retryAfterMs: 1001 })
    for (const retryAfterMs of ['7', -1, 1.5, null]) {
      expect(readFailure(429, { error: { ...body.error, retryAfterMs } }).error.retryAfterMs).toBeUndefined()
    }
  })

  test.each([true, false])('retryable %s of one error arrives as it was', async (retryable) => {
    const answer = errorResponse(new MpcError('STORAGE_CONFLICT', 'no', { retryable }), () => undefined)
    expect(readFailure(answer.status, await answer.json()).error).toMatchObject({ code: 'STORAGE_CONFLICT', retryable })
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

  test('that the setups differ is told, for the client to make a new one', async () => {
    const answer = errorResponse(new ProtocolError('OT_DESYNC', 1, [], 'differ'), () => undefined)
    expect(readFailure(answer.status, await answer.json()).error).toMatchObject({
      reason: 'OT_DESYNC',
      retryable: true,
    })
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
      expect(readFailure(502, body).error).toMatchObject({ code: 'NETWORK_ERROR', retryable: true })
      expect(readFailure(404, body).error).toMatchObject({ code: 'NETWORK_ERROR', retryable: false })
    },
  )
})

describe('what is sent again', () => {
  const PASSING = [408, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530]
  const told = (id: string, retryable: boolean) => ({ error: { id, message: 'told', retryable } })
  const every = Array.from({ length: 500 }, (_, i) => 100 + i).filter((status) => status < 200 || status >= 300)

  test('of answers that are not ours: what gateways say of a moment', () => {
    for (const status of every) {
      for (const body of [undefined, '<html>', [], { message: 'Service Unavailable' }, { error: 'no' }]) {
        const { error, transient } = readFailure(status, body)
        expect([status, transient]).toEqual([status, PASSING.includes(status) || status === 500])
        expect([status, error.code]).toEqual([status, status === 429 ? 'RATE_LIMITED' : 'NETWORK_ERROR'])
        expect([status, error.retryable]).toEqual([status, PASSING.includes(status) || status >= 500])
      }
    }
  })

  test('of our answers: what the body calls final is final, whatever the status', () => {
    for (const status of every) {
      expect(readFailure(status, told('WEBHOOK_FAILED', false))).toMatchObject({
        error: { code: 'WEBHOOK_FAILED', message: 'told', retryable: false },
        transient: false,
      })
      expect(readFailure(status, told('INTERNAL', false)).transient).toBe(false)
      expect(readFailure(status, told('WEBHOOK_FAILED', true)).transient).toBe(PASSING.includes(status))
      expect(readFailure(status, told('OPERATION_IN_PROGRESS', true)).transient).toBe(true)
      expect(readFailure(status, told('STORAGE_CONFLICT', true)).transient).toBe(PASSING.includes(status))
    }
  })

  test('how long a gateway asks to wait is told, and what the body says counts before it', () => {
    expect(readFailure(429, undefined, 3000).error).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 3000 })
    expect(readFailure(503, undefined, 3000).error).toMatchObject({ code: 'NETWORK_ERROR', retryAfterMs: 3000 })
    const body = { error: { id: 'RATE_LIMITED', message: '', retryable: true, retryAfterMs: 1234 } }
    expect(readFailure(429, body, 2000).error.retryAfterMs).toBe(1234)
    expect(readFailure(429, told('RATE_LIMITED', true), 2000).error.retryAfterMs).toBe(2000)
  })

  test('without an answer: what a transport calls transient, and no fault of the device', () => {
    for (const code of ['NETWORK_ERROR', 'TIMEOUT', 'RATE_LIMITED'] as const) {
      expect(transportFailure(new MpcError(code, '')).transient).toBe(true)
      expect(transportFailure(new MpcError(code, '', { retryable: false })).transient).toBe(false)
    }
    for (const code of ['ABORTED', 'CHANNEL_FAILED', 'STORAGE_UNAVAILABLE', 'AUTH_FAILED'] as const) {
      expect(transportFailure(new MpcError(code, '', { retryable: true })).transient).toBe(false)
    }
  })
})
