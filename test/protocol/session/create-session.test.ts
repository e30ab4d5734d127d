import { describe, expect, test } from 'vitest'
import { CodecError, type Reader, type Writer } from '../../../src/util/codec.ts'
import { MpcError, ProtocolError } from '../../../src/errors.ts'
import { createSession, restoreSession } from '../../../src/protocol/session/create-session.ts'
import { decodeEnvelope, encodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import type { Expected, Inbox, Machine, Message, MachineStep } from '../../../src/protocol/session/machine.ts'
import { createHasher } from '../../../src/protocol/transcript/transcript.ts'
import { flip } from '../../support/simulator.ts'

const CONTEXT = new Uint8Array(32).fill(0xc0)
const SID = new Uint8Array(32).fill(0x51)

/** Two rounds: a greeting to all, then a word to all and a secret to each. */
class ToyMachine implements Machine<string> {
  readonly protocol = 'keygen'
  readonly suite = 'ed25519'
  readonly context = CONTEXT
  readonly participants: number
  readonly self: number
  sid: Uint8Array | undefined
  /** What it handed to the session for one participant alone. */
  readonly secrets: Uint8Array[] = []
  /** What was said to it alone, as the session gave it. */
  readonly heard: Uint8Array[] = []
  wiped = 0

  constructor(self = 1, participants = 2) {
    this.self = self
    this.participants = participants
  }

  expects(round: number): Expected {
    return { broadcast: round <= 2 ? 64 : 0, direct: round === 2 ? 64 : 0 }
  }

  open(): Message[] {
    return [{ to: 0, body: Uint8Array.of(this.self) }]
  }

  advance(round: number, inbox: Inbox): MachineStep {
    const others = Array.from({ length: this.participants }, (_, i) => i + 1).filter((one) => one !== this.self)
    if (round === 2) {
      this.heard.push(...others.map((from) => inbox.direct(2, from)))
      return { messages: [], outcome: 'done' }
    }
    this.sid = SID
    const messages = others.map((to) => ({ to, body: Uint8Array.of(0x5e, to) }))
    this.secrets.push(...messages.map(({ body }) => body))
    return { messages: [{ to: 0, body: Uint8Array.of(0x10, this.self) }, ...messages], outcome: 'prepared' }
  }

  result(): string {
    return 'result'
  }

  encode(writer: Writer): void {
    writer
      .u8(this.self)
      .u8(this.participants)
      .u8(this.sid === undefined ? 0 : 1)
  }

  static decode(reader: Reader): ToyMachine {
    const machine = new ToyMachine(reader.u8(), reader.u8())
    machine.sid = reader.u8() === 1 ? SID : undefined
    return machine
  }

  wipe(): void {
    this.wiped += 1
  }
}

const bodyOf = (bytes: Uint8Array): Uint8Array => decodeEnvelope(bytes).body

/** Every participant's machine and session, started, with the greetings delivered. */
function greeted(count: number) {
  const machines = Array.from({ length: count }, (_, i) => new ToyMachine(i + 1, count))
  const sessions = machines.map((machine) => createSession(machine))
  const greetings = sessions.map((session) => session.start().out[0] as Uint8Array)
  sessions.forEach((session, i) => greetings.forEach((bytes, j) => i !== j && session.receive(bytes)))
  return { machines, sessions, greetings }
}

describe('a session', () => {
  test('heads each message with protocol, suite, round, parties and session id', () => {
    const { sessions, greetings } = greeted(2)
    const { out, prepared, done } = sessions[0]!.advance()
    const about = { protocol: 'keygen', suite: 'ed25519', from: 1 }
    expect(decodeEnvelope(greetings[0] as Uint8Array)).toEqual({
      ...about,
      round: 1,
      to: 0,
      sid: CONTEXT,
      body: Uint8Array.of(1),
    })
    expect(out.map(decodeEnvelope)).toEqual([
      { ...about, round: 2, to: 0, sid: SID, body: Uint8Array.of(0x10, 1) },
      { ...about, round: 2, to: 2, sid: SID, body: Uint8Array.of(0x5e, 2) },
    ])
    expect([prepared, done]).toEqual(['result', undefined])
  })

  test('gives `prepared` once, and `done` when it ends', () => {
    const { machines, sessions } = greeted(2)
    const sent = sessions.map((session) => session.advance().out)
    expect(sessions[0]!.advance()).toEqual({ out: [] })
    for (const bytes of sent[1]!.slice(0, 2)) sessions[0]!.receive(bytes)
    expect(machines[0]!.wiped).toBe(0)
    expect(sessions[0]!.advance()).toEqual({ out: [], done: 'result' })
    expect(machines[0]!.wiped).toBe(1)
    expect(() => sessions[0]!.advance()).toThrow(TypeError)
  })

  test('wipes what it has sent to one participant and what one has sent to it', () => {
    const { machines, sessions } = greeted(3)
    const sent = sessions.map((session) => session.advance().out)
    for (const { secrets } of machines) {
      expect(secrets).toHaveLength(2)
      expect(secrets.every((secret) => secret.every((byte) => byte === 0))).toBe(true)
    }
    for (const from of [1, 2]) for (const bytes of sent[from]!) sessions[0]!.receive(bytes)
    expect(sessions[0]!.advance().done).toBe('result')
    expect(machines[0]!.heard).toEqual([Uint8Array.of(0, 0), Uint8Array.of(0, 0)])
  })

  test('among three ends each message after round 1 with the hash of what all have said', () => {
    const { sessions } = greeted(3)
    const hash = createHasher('ed25519', 'keygen')
    const echo = hash('echo', SID, 1, [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)])
    const [said, whispered] = sessions[0]!.advance().out as [Uint8Array, Uint8Array]
    expect(bodyOf(said)).toEqual(Uint8Array.of(0x10, 1, ...echo))
    expect(bodyOf(whispered)).toEqual(Uint8Array.of(0x5e, 2, ...echo))
  })

  test.each([
    ['another echo', (body: Uint8Array) => flip(body, -1), 'ECHO', []],
    ['no room for an echo', (body: Uint8Array) => body.slice(0, 31), 'FORMAT', [3]],
  ] as const)('ends with %s in one message', (_, change, reason, blame) => {
    const { machines, sessions } = greeted(3)
    const sent = sessions.map((session) => session.advance().out)
    for (const bytes of sent[1]!) sessions[0]!.receive(bytes)
    for (const bytes of sent[2]!) {
      const { body, ...header } = decodeEnvelope(bytes)
      sessions[0]!.receive(encodeEnvelope({ ...header, body: header.to === 1 ? change(body) : body }))
    }
    let error: unknown
    try {
      sessions[0]!.advance()
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error).toMatchObject({ reason, round: 2, blame })
    expect(machines[0]!.wiped).toBe(1)
    expect(() => sessions[0]!.advance()).toThrow(TypeError)
  })

  test('refuses a machine that speaks before it knows the session', () => {
    const machine = new ToyMachine()
    machine.advance = () => ({ messages: [{ to: 0, body: new Uint8Array(1) }] })
    const [session, peer] = [createSession(machine), createSession(new ToyMachine(2))]
    session.start()
    session.receive(peer.start().out[0] as Uint8Array)
    expect(() => session.advance()).toThrow(RangeError)
  })

  test('needs no session id where nothing is said after round 1', () => {
    const machine = new ToyMachine()
    machine.advance = () => ({ messages: [], outcome: 'done' })
    const [session, peer] = [createSession(machine), createSession(new ToyMachine(2))]
    session.start()
    session.receive(peer.start().out[0] as Uint8Array)
    expect(session.advance()).toEqual({ out: [], done: 'result' })
  })

  test('tells its machine at the start what has arrived, and from whom', () => {
    const arrived: Uint8Array[][] = []
    const machine = new ToyMachine(2, 3)
    machine.open = (inbox?: Inbox) => {
      arrived.push(inbox!.arrived(1))
      return [{ to: 0, body: Uint8Array.of(2) }]
    }
    const session = createSession(machine)
    const [hello] = createSession(new ToyMachine(3, 3)).start().out as [Uint8Array]
    expect(session.receive(hello)).toBe('accepted')
    expect(session.advance().out).toHaveLength(1)
    expect(arrived).toEqual([[Uint8Array.of(3, 3)]])
    const [first] = createSession(new ToyMachine(1, 3)).start().out as [Uint8Array]
    expect(session.receive(first)).toBe('accepted')
    expect(session.advance().prepared).toBe('result')
    expect(arrived).toHaveLength(1)
  })

  test('is over after an error of its machine at the start', () => {
    const machine = new ToyMachine()
    machine.open = () => {
      throw new Error('no randomness')
    }
    const session = createSession(machine)
    expect(() => session.start()).toThrow('no randomness')
    expect(machine.wiped).toBe(1)
    expect(() => session.start()).toThrow('the session is over')
  })
})

describe('a session as bytes', () => {
  const restore = (state: Uint8Array) => restoreSession('keygen', state, ToyMachine.decode)

  test('says version, protocol and round, then what the machine and the mailbox hold', () => {
    const [machine, session] = [new ToyMachine(), createSession(new ToyMachine())]
    expect(createSession(machine).export()).toEqual(Uint8Array.of(1, 1, 0, 1, 2, 0, 0, 0, 0, 0))
    expect(machine.wiped).toBe(1)
    session.start()
    // One slot: round 1, participant 1, to all, one byte.
    expect(session.export()).toEqual(Uint8Array.of(1, 1, 1, 1, 2, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0))
  })

  test('goes on where it stood', () => {
    const { sessions } = greeted(2)
    const sent = sessions.map((session) => session.advance().out)
    const restored = restore(sessions[0]!.export())
    expect(() => restored.start()).toThrow(TypeError)
    for (const bytes of sent[1]!) restored.receive(bytes)
    expect(restored.advance().done).toBe('result')
    const fresh = restore(createSession(new ToyMachine()).export())
    expect(fresh.start().out).toHaveLength(1)
  })

  test('of another version or protocol, or malformed, is refused with its reason as the cause', () => {
    const state = createSession(new ToyMachine()).export()
    for (const bad of [state.with(0, 2), state.with(1, 2), state.slice(0, -1), Uint8Array.of(...state, 0)]) {
      let error: unknown
      try {
        restore(bad)
      } catch (caught) {
        error = caught
      }
      expect(error).toBeInstanceOf(MpcError)
      expect(error).toMatchObject({ code: 'SHARE_PARSING_FAILED', cause: expect.any(CodecError) as unknown })
    }
    expect(() => restore('state' as never)).toThrow(TypeError)
  })

  test('is not blamed for an error of the reader', () => {
    const state = createSession(new ToyMachine()).export()
    const fault = new RangeError('another error')
    expect(() =>
      restoreSession('keygen', state, () => {
        throw fault
      }),
    ).toThrow(fault)
  })
})
