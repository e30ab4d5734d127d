import { describe, expect, test } from 'vitest'
import { BadRequest } from '../../../src/service/http.ts'
import { encodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import type { Receipt, Session, Step } from '../../../src/protocol/session/session.ts'
import { advanceSessions, exportSessions, restoreSessions, resultsOf } from '../../../src/server/operations/sessions.ts'
import { fromUtf8, utf8 } from '../../../src/util/bytes.ts'
import { CodecError, Writer } from '../../../src/util/codec.ts'

/** A session that says what happens to it. */
function session(name: string, { receipt, step }: { readonly receipt?: Receipt; readonly step?: Step<string> } = {}) {
  const calls: string[] = []
  const fake: Session<string> = {
    start: () => (calls.push('start'), { out: [utf8(`${name} starts`)] }),
    receive: (envelope) => (calls.push(fromUtf8(envelope)), receipt ?? 'accepted'),
    advance: () => (calls.push('advance'), step ?? { out: [utf8(name)] }),
    export: () => utf8(name),
    dispose: () => calls.push('dispose'),
  }
  return { ...fake, calls }
}

const to = (...specs: number[]) => specs.map((sessionIndex) => ({ sessionIndex, envelope: utf8(`to ${sessionIndex}`) }))
const said = ({ messages }: ReturnType<typeof advanceSessions>) =>
  messages.map(({ sessionIndex, envelope }) => [sessionIndex, fromUtf8(envelope)])

describe('the sessions of an operation', () => {
  test('get each its messages and answer in order', () => {
    const sessions = [session('a'), session('b', { step: { out: [], done: 'result' } })]
    const stride = advanceSessions(sessions, to(1, 0, 1), false)
    expect(said(stride)).toEqual([[0, 'a']])
    expect(stride.steps).toEqual([{ out: [utf8('a')] }, { out: [], done: 'result' }])
    expect(sessions.map(({ calls }) => calls)).toEqual([
      ['to 0', 'advance'],
      ['to 1', 'to 1', 'advance'],
    ])
  })

  test('start where they are asked to, with what has arrived, and say that first', () => {
    const sessions = [session('a'), session('b')]
    const stride = advanceSessions(sessions, to(0, 1), true)
    expect(said(stride)).toEqual([
      [0, 'a starts'],
      [1, 'b starts'],
      [0, 'a'],
      [1, 'b'],
    ])
    expect(sessions[1]!.calls).toEqual(['to 1', 'start', 'advance'])
  })

  const envelope = encodeEnvelope({
    protocol: 'frost',
    suite: 'ed25519',
    round: 2,
    from: 1,
    to: 2,
    sid: new Uint8Array(32),
    body: new Uint8Array(1),
  })
  test.each([
    ['a session without a message', to(1), 'accepted', BadRequest],
    ['a message for a session that is not there', to(0, 1, 2), 'accepted', BadRequest],
    ['a message twice', to(0, 1), 'duplicate', BadRequest],
    ['what is no envelope', to(0, 1), 'dropped', BadRequest],
    [
      'an envelope of another session',
      [{ sessionIndex: 0, envelope }, ...to(1)],
      'dropped',
      expect.objectContaining({ code: 'SET_MISMATCH' }) as Error,
    ],
  ] as const)('%s is refused before any plays', (_, messages, receipt, error) => {
    const sessions = [session('a', { receipt }), session('b', { receipt })]
    expect(() => advanceSessions(sessions, messages, false)).toThrow(error)
    expect(sessions.flatMap(({ calls }) => calls)).not.toContain('advance')
  })

  test('are not to blame for an error of another kind', () => {
    const failing = { ...session('a'), receive: () => 'dropped' as const }
    expect(() => advanceSessions([failing], [{ sessionIndex: 0, envelope: null as never }], false)).toThrow(TypeError)
  })

  test('miss a message if one of them says nothing and comes to nothing', () => {
    const idle = session('a', { step: { out: [] } })
    const failing = () => advanceSessions([session('b'), idle], to(0, 1), false)
    expect(failing).toThrow(expect.objectContaining({ reason: 'FORMAT', round: 0, blame: [] }) as Error)
    for (const step of [
      { out: [], prepared: 'result' },
      { out: [], done: 'result' },
    ])
      expect(said(advanceSessions([session('a', { step })], to(0), false))).toEqual([])
  })

  test('have results once every one has one', () => {
    const steps = [
      { out: [], prepared: 1 },
      { out: [], prepared: 2, done: 2 },
    ]
    expect(resultsOf(steps, 'prepared')).toEqual([1, 2])
    expect(resultsOf(steps, 'done')).toBeUndefined()
  })
})

describe('a state of several sessions', () => {
  test('gives each session its own back, and nothing of it stays elsewhere', () => {
    const exported: Uint8Array[] = []
    const sessions = ['a', 'b'].map((name) => ({
      ...session(name),
      export: () => {
        exported.push(utf8(name))
        return exported.at(-1)
      },
    }))
    const state = exportSessions(sessions)
    expect(exported).toEqual([new Uint8Array(1), new Uint8Array(1)])
    const given: Uint8Array[] = []
    const dispose = () => {}
    const restored = restoreSessions(
      state,
      (one, sessionIndex) => (given.push(one), { name: `${sessionIndex} ${fromUtf8(one)}`, dispose }),
    )
    expect(restored.map(({ name }) => name)).toEqual(['0 a', '1 b'])
    expect(given).toEqual([new Uint8Array(1), new Uint8Array(1)])
  })

  test('is wiped also where a session cannot be restored, and so are those before it', () => {
    const given: Uint8Array[] = []
    const disposed: number[] = []
    const state = exportSessions([session('a'), session('b')])
    const restoreUpTo = (last: number) => (one: Uint8Array, sessionIndex: number) => {
      given.push(one)
      if (sessionIndex > last) throw new Error('no')
      return { dispose: () => void disposed.push(sessionIndex) }
    }
    expect(() => restoreSessions(state, restoreUpTo(0))).toThrow('no')
    expect([given, disposed]).toEqual([[new Uint8Array(1), new Uint8Array(1)], [0]])
    expect(() => restoreSessions(new Uint8Array([...state, 0]), restoreUpTo(1))).toThrow(CodecError)
    expect(disposed).toEqual([0, 0, 1])
  })

  test('is exactly what was written, up to a mebibyte a session', () => {
    const state = (length: number) => new Writer().u8(1).prefixed(new Uint8Array(length)).finish()
    const measure = ({ length }: Uint8Array) => ({ length, dispose: () => {} })
    expect(restoreSessions(state(1 << 20), measure).map(({ length }) => length)).toEqual([1 << 20])
    expect(() => restoreSessions(state((1 << 20) + 1), measure)).toThrow(CodecError)
    expect(() => restoreSessions(new Writer().u8(0).u8(0).finish(), measure)).toThrow(CodecError)
  })
})
