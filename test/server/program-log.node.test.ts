import { describe, expect, test } from 'vitest'
import { MpcError } from '../../src/errors.ts'
import type { HandledRequest } from '../../src/server/index.ts'
import { createLog, type LogSettings } from '../../src/server/program-log.ts'

/** Text that would begin a line, close a string or control a terminal. */
const INJECTED = 'x\n{"level":"error","event":"forged"}\r\n\u2028\u2029\u0085\u001b[2J\u009b\u202e"\\'

function logged(settings: LogSettings) {
  const lines: string[] = []
  return {
    lines,
    log: createLog(
      settings,
      (line) => lines.push(line),
      () => 0,
    ),
  }
}

const REQUEST: HandledRequest = {
  request: 'sendRound',
  kind: 'sign',
  round: 1,
  operationId: 'ab'.repeat(16),
  outcome: 'OK',
  status: 200,
  sealed: true,
  ms: 12.3456,
}

describe('as JSON', () => {
  const json = { format: 'json', level: 'info' } as const

  test('each event is one line, whatever is in it', () => {
    const { lines, log } = logged(json)
    log.notice(INJECTED)
    log.error(new MpcError('SHARE_NOT_FOUND', INJECTED, { cause: new Error(INJECTED) }))
    log.error(INJECTED)
    log.request({ ...REQUEST, request: INJECTED as never })
    expect(lines).toHaveLength(4)
    for (const line of lines) {
      // eslint-disable-next-line no-control-regex -- none may be left
      expect(line).toMatch(/^[^\0-\x1f\x7f-\x9f\u2028-\u202e]+\n$/)
      expect(JSON.parse(line)).not.toMatchObject({ event: 'forged' })
    }
    expect(JSON.parse(lines[0]!)).toMatchObject({ event: 'notice', message: INJECTED })
    expect(JSON.parse(lines[1]!)).toMatchObject({ event: 'error', code: 'SHARE_NOT_FOUND', message: INJECTED })
  })

  test('a request has its operation', () => {
    const { lines, log } = logged(json)
    log.request(REQUEST)
    expect(JSON.parse(lines[0]!)).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      level: 'info',
      event: 'request',
      ...{ request: 'sendRound', kind: 'sign', round: 1, operationId: 'ab'.repeat(16) },
      ...{ code: 'OK', status: 200, sealed: true, ms: 12.3 },
    })
  })

  test('an error has its message and stacks alone', () => {
    const { lines, log } = logged(json)
    log.error(Object.assign(new Error('refused'), { password: 'a secret', query: 'a secret', cause: { secret: 1 } }))
    expect(lines.join('')).not.toMatch(/a secret|password/)
  })
})

describe('as text', () => {
  test('nothing in it controls the terminal', () => {
    const { lines, log } = logged({ format: 'text', level: 'info' })
    log.notice(INJECTED)
    log.error(new Error(INJECTED))
    log.request(REQUEST)
    // eslint-disable-next-line no-control-regex -- none may be left
    expect(lines.join('')).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]/)
    expect(lines.at(-1)).toBe(`sendRound sign 1 ${'ab'.repeat(16)} 200 OK sealed 12.3 ms\n`)
  })
})

test.each([
  ['error', 1],
  ['warn', 2],
  ['info', 3],
] as const)('the level %s writes %i of three', (level, count) => {
  const { lines, log } = logged({ format: 'json', level })
  log.error(new Error('an error'))
  log.notice('a notice')
  log.request(REQUEST)
  expect(lines).toHaveLength(count)
})
