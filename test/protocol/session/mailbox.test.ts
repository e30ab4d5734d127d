import { describe, expect, test } from 'vitest'
import { type Envelope, encodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import { echoLength, Mailbox } from '../../../src/protocol/session/mailbox.ts'
import { Reader, Writer } from '../../../src/util/codec.ts'

const CONTEXT = new Uint8Array(32).fill(0xc0)
const SID = new Uint8Array(32).fill(0x51)
const ECHO = new Uint8Array(32).fill(0xec)

/** Round 1 is said to all, round 2 to all and to each, as participant 2 of three hears it. */
function headerOf(participants = 3): { sid: Uint8Array | undefined } & ConstructorParameters<typeof Mailbox>[0] {
  return {
    protocol: 'keygen',
    suite: 'ed25519',
    participants,
    self: 2,
    context: CONTEXT,
    sid: undefined,
    expects: (round) => ({ broadcast: round <= 2 ? 4096 : 0, direct: round === 2 ? 4096 : 0 }),
  }
}

function message(fields: Partial<Envelope>): Uint8Array {
  const round = fields.round ?? 1
  const defaults = { protocol: 'keygen', suite: 'ed25519', from: 1, to: 0 } as const
  return encodeEnvelope({ ...defaults, round, sid: round === 1 ? CONTEXT : SID, body: Uint8Array.of(7), ...fields })
}

const withEcho = (...bytes: number[]): Uint8Array => Uint8Array.of(...bytes, ...ECHO)

test('an echo ends each message after round 1 where there are three or more', () => {
  expect([echoLength(1, 2), echoLength(1, 3), echoLength(2, 2), echoLength(2, 3), echoLength(9, 255)]).toEqual([
    0, 0, 0, 32, 32,
  ])
})

describe('a mailbox', () => {
  test('knows a round as complete once every other participant’s due messages are in', () => {
    const header = headerOf()
    const mailbox = new Mailbox(header)
    expect(mailbox.isComplete(1)).toBe(false)
    mailbox.receive(message({ from: 1 }))
    expect(mailbox.isComplete(1)).toBe(false)
    mailbox.receive(message({ from: 3 }))
    expect(mailbox.isComplete(1)).toBe(true)

    header.sid = SID
    for (const from of [1, 3]) mailbox.receive(message({ round: 2, from, body: withEcho(1) }))
    expect(mailbox.isComplete(2)).toBe(false)
    mailbox.receive(message({ round: 2, from: 1, to: 2, body: withEcho(2) }))
    expect(mailbox.isComplete(2)).toBe(false)
    mailbox.receive(message({ round: 2, from: 3, to: 2, body: withEcho(2) }))
    expect(mailbox.isComplete(2)).toBe(true)
    expect(mailbox.isComplete(3)).toBe(true)
  })

  test.each([
    ['round 1', 2, undefined, (body: Uint8Array) => message({ body })],
    ['round 2, before the session id is known', 2, undefined, (body: Uint8Array) => message({ round: 2, body })],
    ['round 2', 2, SID, (body: Uint8Array) => message({ round: 2, body })],
    ['round 2, to one', 2, SID, (body: Uint8Array) => message({ round: 2, to: 2, body })],
    ['round 2 with an echo', 3, undefined, (body: Uint8Array) => message({ round: 2, body })],
  ])('keeps nothing of a message that is longer than that of %s', (_, participants, sid, make) => {
    const expects = (round: number) => ({ broadcast: round <= 2 ? 64 : 0, direct: round === 2 ? 64 : 0 })
    const mailbox = () => new Mailbox({ ...headerOf(participants), self: 2, sid, expects })
    const state = (one: Mailbox) => {
      const writer = new Writer()
      one.encode(writer)
      return writer.finish()
    }
    const echo = participants > 2 ? 32 : 0
    for (const length of [64 + echo + 1, 1 << 16]) {
      const one = mailbox()
      expect(one.receive(make(new Uint8Array(length)))).toBe('dropped')
      expect(state(one)).toEqual(state(mailbox()))
    }
    expect(mailbox().receive(make(new Uint8Array(64 + echo)))).toBe('accepted')
  })

  test('expects no message that has no length', () => {
    const mailbox = new Mailbox({ ...headerOf(2), expects: () => ({ broadcast: 0, direct: 64 }) })
    expect(mailbox.receive(message({ body: new Uint8Array(0) }))).toBe('dropped')
  })

  test('tells what has arrived, to all and then to this one alone, and by whom', () => {
    const mailbox = new Mailbox({ ...headerOf(), sid: SID })
    mailbox.receive(message({ round: 2, from: 3, body: withEcho(3) }))
    for (const from of [3, 1]) mailbox.receive(message({ round: 2, from, to: 2, body: withEcho(from, 9) }))
    expect(mailbox.inbox.arrived(2)).toEqual([
      Uint8Array.of(3, 3),
      Uint8Array.of(0, 1, 1, 9),
      Uint8Array.of(0, 3, 3, 9),
    ])
    expect(mailbox.inbox.arrived(1)).toEqual([])
  })

  test('tells also what has come too early to be judged, and of that round alone', () => {
    const mailbox = new Mailbox(headerOf())
    const early = [
      message({ round: 2, from: 3, body: withEcho(3) }),
      message({ round: 2, from: 1, to: 2, body: withEcho(1) }),
    ]
    for (const envelope of [...early, message({ round: 3, from: 1, body: withEcho(1) })]) mailbox.receive(envelope)
    expect(mailbox.inbox.arrived(2)).toEqual(early)
    expect(mailbox.inbox.arrived(1)).toEqual([])
  })

  test('is not complete by direct messages alone', () => {
    const mailbox = new Mailbox({ ...headerOf(), sid: SID })
    for (const from of [1, 3]) mailbox.receive(message({ round: 2, from, to: 2, body: withEcho(2) }))
    expect(mailbox.isComplete(2)).toBe(false)
  })

  test('gives bodies without their echo, those to all by participant number, its own among them', () => {
    const mailbox = new Mailbox({ ...headerOf(), sid: SID })
    mailbox.receive(message({ round: 2, from: 3, body: withEcho(3, 3) }))
    mailbox.receive(message({ round: 2, from: 1, to: 2, body: withEcho(9) }))
    mailbox.post(2, withEcho(2))
    const { inbox } = mailbox
    expect(inbox.broadcasts(2)).toEqual([Uint8Array.of(2), Uint8Array.of(3, 3)])
    expect(inbox.broadcast(2, 3)).toEqual(Uint8Array.of(3, 3))
    expect(inbox.direct(2, 1)).toEqual(Uint8Array.of(9))
    for (const missing of [() => inbox.broadcast(2, 1), () => inbox.direct(2, 3), () => inbox.broadcast(1, 3)]) {
      expect(missing).toThrow(RangeError)
    }
  })

  test('names who ends a message otherwise, and whether it is too short for an end', () => {
    const mailbox = new Mailbox({ ...headerOf(), sid: SID })
    mailbox.receive(message({ round: 2, from: 1, body: withEcho(1) }))
    mailbox.receive(message({ round: 2, from: 1, to: 2, body: ECHO.slice(1) }))
    mailbox.receive(message({ round: 2, from: 3, body: withEcho(1).with(32, 0) }))
    mailbox.receive(message({ round: 2, from: 3, to: 2, body: ECHO }))
    mailbox.post(2, Uint8Array.of(1))
    expect(mailbox.withoutTail(2, ECHO)).toEqual([
      { from: 1, short: true },
      { from: 3, short: false },
    ])
    expect(mailbox.withoutTail(1, ECHO)).toEqual([])
    expect(mailbox.withoutTail(2, new Uint8Array(0))).toEqual([])
  })

  test('takes the context for the session id in round 1 alone', () => {
    const mailbox = new Mailbox({ ...headerOf(), sid: SID })
    expect(mailbox.receive(message({ sid: SID }))).toBe('dropped')
    expect(mailbox.receive(message({ round: 2, sid: CONTEXT }))).toBe('dropped')
    expect(mailbox.receive(message({}))).toBe('accepted')
    expect(mailbox.receive(message({ round: 2 }))).toBe('accepted')
  })

  test('drops what is from itself or a stranger, for another one, or not due', () => {
    const mailbox = new Mailbox({ ...headerOf(), sid: SID })
    const strays = [{ from: 2 }, { from: 4 }, { to: 2 }, { round: 2, to: 1 }, { round: 2, to: 3 }, { round: 3 }]
    for (const stray of strays) expect(mailbox.receive(message(stray))).toBe('dropped')
    expect(mailbox.receive(message({ from: 3 }))).toBe('accepted')
  })

  test('knows a private message again after it has been used up, and nobody else’s', () => {
    const header = { ...headerOf(), sid: SID }
    const mailbox = new Mailbox(header)
    const bytes = message({ round: 2, to: 2, body: withEcho(5) })
    mailbox.close(1)
    expect(mailbox.receive(bytes)).toBe('accepted')
    const body = mailbox.inbox.direct(2, 1)
    mailbox.close(2)
    expect(body).toEqual(Uint8Array.of(0))
    expect(mailbox.receive(bytes)).toBe('duplicate')
    expect(() => mailbox.inbox.direct(2, 1)).toThrow(RangeError)
    // A message to all of a round that is over still finds its slot: the echo of the next one compares it.
    expect(mailbox.receive(message({ round: 2, body: withEcho(6) }))).toBe('accepted')
    expect(mailbox.receive(message({ round: 2, body: withEcho(6) }))).toBe('duplicate')
    expect(mailbox.receive(message({ round: 2, body: withEcho(7) }))).toBe('dropped')
  })

  test('keeps copies of early messages, a few for each slot, and sorts them once the session id is known', () => {
    const header = headerOf()
    const mailbox = new Mailbox(header)
    const right = message({ round: 2, body: withEcho(1) })
    expect(mailbox.receive(right)).toBe('accepted')
    expect(mailbox.receive(right.slice())).toBe('duplicate')
    right.fill(0)
    const rivals = [1, 2, 3, 4].map((fill) => message({ round: 2, sid: new Uint8Array(32).fill(fill) }))
    expect(rivals.map((bytes) => mailbox.receive(bytes))).toEqual(['accepted', 'accepted', 'accepted', 'dropped'])
    expect(mailbox.receive(message({ round: 2, to: 2, body: withEcho(2) }))).toBe('accepted')
    expect(mailbox.receive(message({ round: 2, from: 3, body: withEcho(3) }))).toBe('accepted')
    expect(() => mailbox.inbox.broadcast(2, 1)).toThrow(RangeError)
    header.sid = SID
    mailbox.close(1)
    expect(mailbox.inbox.broadcasts(2)).toEqual([Uint8Array.of(1), Uint8Array.of(3)])
    expect(mailbox.inbox.direct(2, 1)).toEqual(Uint8Array.of(2))
    expect(mailbox.receive(rivals[0] as Uint8Array)).toBe('dropped')
  })

  test('lives on in bytes, what came early too', () => {
    const [header, mailbox] = [headerOf(), new Mailbox(headerOf())]
    mailbox.receive(message({ from: 1, body: Uint8Array.of(1) }))
    mailbox.post(1, Uint8Array.of(2))
    mailbox.receive(message({ round: 2, from: 3, to: 2, body: withEcho(3) }))
    const writer = new Writer()
    mailbox.encode(writer)
    const [reader, restored] = [new Reader(writer.finish()), new Mailbox(header)]
    restored.restore(reader, 1)
    reader.end()
    expect(restored.inbox.broadcasts(1)).toEqual([Uint8Array.of(1), Uint8Array.of(2)])
    expect(() => restored.inbox.direct(2, 3)).toThrow(RangeError)
    header.sid = SID
    restored.close(1)
    expect(restored.inbox.direct(2, 3)).toEqual(Uint8Array.of(3))
  })

  test('knows in bytes which rounds are over', () => {
    const writer = new Writer()
    const header = { ...headerOf(), sid: SID }
    new Mailbox(header).encode(writer)
    const restored = new Mailbox(header)
    restored.restore(new Reader(writer.finish()), 3)
    expect(restored.receive(message({ round: 2, to: 2 }))).toBe('duplicate')
  })

  test('wipes all that it holds', () => {
    const mailbox = new Mailbox({ ...headerOf(2), sid: SID, self: 2 })
    mailbox.receive(message({ round: 2, to: 2, body: Uint8Array.of(5) }))
    const body = mailbox.inbox.direct(2, 1)
    mailbox.wipe()
    expect(body).toEqual(Uint8Array.of(0))
    expect(mailbox.inbox.broadcasts(1)).toEqual([])
    expect(mailbox.isComplete(2)).toBe(false)
  })

  test('wipes what came early, too', () => {
    const mailbox = new Mailbox(headerOf())
    const bytes = message({ round: 2, to: 2, body: withEcho(5) })
    const kept: Uint8Array[] = []
    const slice = (): Uint8Array => {
      const copy = new Uint8Array(bytes)
      kept.push(copy)
      return copy
    }
    expect(mailbox.receive(Object.assign(bytes, { slice }))).toBe('accepted')
    mailbox.wipe()
    expect(kept).toEqual([new Uint8Array(bytes.length)])
    const writer = new Writer()
    mailbox.encode(writer)
    expect(writer.finish()).toEqual(new Uint8Array(4))
  })

  test('only takes bytes', () => {
    expect(() => new Mailbox(headerOf()).receive(undefined as never)).toThrow(TypeError)
  })
})
