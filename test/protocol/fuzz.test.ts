import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MpcError, ProtocolError } from '../../src/errors.ts'
import { decodeEnvelope, encodeEnvelope } from '../../src/protocol/session/envelope.ts'
import { restoreKeygen } from '../../src/protocol/keygen/index.ts'
import { restoreReshare } from '../../src/protocol/reshare/index.ts'
import type { Session } from '../../src/protocol/session/session.ts'
import { groups } from '../support/groups.ts'
import { seededRandom } from '../support/random.ts'
import {
  generate,
  keygenOptions,
  keygenSessions,
  newParties,
  PAIR,
  reshareSessions,
  reshareTerms,
} from '../support/sets.ts'

type Pair = readonly [Session<unknown>, Session<unknown>]

/** Bytes that are almost the given ones: one byte changed, some cut off or added. */
function near(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), fc.integer({ min: -2, max: 2 }))
    .map(([at, difference, extra]) => {
      const changed = bytes.with(at, (bytes[at] as number) ^ difference)
      return extra <= 0 ? changed.slice(0, changed.length + extra) : Uint8Array.of(...changed, ...Array(extra).fill(0))
    })
}

describe.each(groups.filter(({ name }) => name.includes('wasm')))('any bytes on $name', ({ group }) => {
  const random = seededRandom('fuzz')
  const shares = generate(group, 2, 2, random)
  const plan = { group, threshold: 2, parties: newParties([1, 2]) }
  const resharing = { group, shares, participants: PAIR, threshold: 2 }
  const protocols = [
    {
      name: 'key generation',
      create: () => keygenSessions(plan, random) as unknown as Pair,
      restore: (state: Uint8Array, self: number): Session<unknown> =>
        restoreKeygen(state, keygenOptions(plan, self, random)),
    },
    {
      name: 'reshare',
      create: () => reshareSessions(resharing, random) as unknown as Pair,
      restore: (state: Uint8Array, self: number): Session<unknown> =>
        restoreReshare(state, reshareTerms(resharing, self, random)),
    },
  ]

  /** Runs a session; `change` may replace a body on its way to the client. Gives what ended the client. */
  function play([client, server]: Pair, change: (index: number, body: Uint8Array) => Uint8Array): unknown {
    let index = 0
    let messages = client.start().out
    const greeting = server.start().out
    try {
      for (let turn = 0; messages.length > 0; turn++) {
        const to = turn % 2 === 0 ? server : client
        for (const bytes of messages) {
          const envelope = decodeEnvelope(bytes)
          const body = to === client ? change(index++, envelope.body) : envelope.body
          to.receive(encodeEnvelope({ ...envelope, body }))
        }
        const { out, done } = to.advance()
        if (done !== undefined && to === client) return undefined
        messages = turn === 0 ? [...greeting, ...out] : out
      }
      return undefined
    } catch (error) {
      return error
    }
  }

  test.each(protocols)(
    '$name: a changed body ends the session with a reason and a culprit, or is dropped',
    ({ create }) => {
      const bodies: Uint8Array[] = []
      play(create(), (_, body) => {
        bodies.push(body)
        return body
      })
      expect(bodies.length).toBeGreaterThan(3)
      const changed = fc.nat({ max: bodies.length - 1 }).chain((place) =>
        fc.tuple(
          fc.constant(place),
          fc.oneof(
            near(bodies[place] as Uint8Array).map((bytes) => (own: Uint8Array) => mix(own, bodies[place]!, bytes)),
            fc.uint8Array({ maxLength: 300 }).map((bytes) => () => bytes),
          ),
        ),
      )
      fc.assert(
        fc.property(changed, ([place, change]) => {
          let isLonger = false
          const error = play(create(), (index, body) => {
            if (index !== place) return body
            const changed = change(body)
            isLonger = changed.length > body.length
            return changed
          })
          // A changed nonce or commitment of round 1 makes the server's later messages strangers, or its opening false; what
          // is longer than it may be has no effect.
          if (error === undefined) expect(isLonger || place === 0).toBe(true)
          else expect(error).toBeInstanceOf(ProtocolError)
        }),
        { numRuns: 150 },
      )
    },
  )

  test.each(protocols)('$name: a changed state is refused or restored, and nothing else', ({ create, restore }) => {
    const [client, server] = create()
    const hello = client.start().out
    const greeting = server.start().out
    for (const bytes of hello) server.receive(bytes)
    const response = server.advance().out
    for (const bytes of [...greeting, ...response]) client.receive(bytes)
    client.advance()
    for (const [i, state] of [client.export(), server.export()].entries()) {
      expect(() => restore(state, i + 1)).not.toThrow()
      fc.assert(
        fc.property(near(state), (changed) => {
          try {
            restore(changed, i + 1).dispose()
          } catch (error) {
            expect(error).toBeInstanceOf(MpcError)
            expect((error as MpcError).code).toBe('SHARE_PARSING_FAILED')
          }
        }),
        { numRuns: 100 },
      )
    }
  })
})

/** The change that led from `from` to `to`, made to `own`: every session has other bytes. */
function mix(own: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array {
  return to.map((byte, i) => byte ^ (from[i] ?? 0) ^ (own[i] ?? 0))
}
