import { describe, expect, test } from 'vitest'

import { MpcError } from '../../../../src/errors.ts'
import { wasmEcdsa } from '../../../../src/protocol/ecdsa/ot/backend.ts'
import { type CheatReason, OtState } from '../../../../src/protocol/ecdsa/ot/ot-state.ts'
import { bindOtState } from '../../../../src/protocol/ecdsa/setup/create-setup.ts'
import { partyId } from '../../../../src/types.ts'
import { concatBytes, toHex } from '../../../../src/util/bytes.ts'
import { seededRandom } from '../../../support/random.ts'
import { holders, randomDigest, signingSessions } from '../support.ts'

const STATE_BYTES = 12_404

function drawPair(): OtState {
  return holders(wasmEcdsa(), 2, 2, seededRandom())[0]!.pairs[0]!
}

function code(run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return error instanceof MpcError ? error.code : String(error)
  }
}

describe('an oblivious-transfer state', () => {
  test(`is ${STATE_BYTES} bytes, and read back as it was`, () => {
    const pair = drawPair()
    const bytes = pair.encode()
    expect(bytes).toHaveLength(STATE_BYTES)
    const read = OtState.decode(bytes)
    expect(toHex(read.encode())).toBe(toHex(bytes))
    expect([read.self, read.peer, toHex(read.setId), toHex(read.digest)]).toEqual([
      pair.self,
      pair.peer,
      toHex(pair.setId),
      toHex(pair.digest),
    ])
    expect(read.secrets).toEqual(pair.secrets)
  })

  test.each<CheatReason>(['CHEAT_OTE', 'CHEAT_VOLE', 'CHEAT_GAMMA'])(
    'poisoned by %s holds no secret and stays poisoned',
    (reason) => {
      const pair = drawPair()
      const { secrets } = pair
      pair.poison(reason)
      expect(Object.values(secrets).every((secret: Uint8Array) => secret.every((byte) => byte === 0))).toBe(true)
      pair.poison('CHEAT_OTE')
      const bytes = pair.encode()
      expect(bytes.length).toBe(69)
      for (const state of [pair, OtState.decode(bytes)]) {
        expect(state.cheat).toBe(reason)
        expect(code(() => state.secrets)).toBe('OT_POISONED')
      }
    },
  )

  test('that was disposed of gives nothing and takes nothing', () => {
    const pair = drawPair()
    const { secrets } = pair
    pair.dispose()
    expect(Object.values(secrets).every((secret: Uint8Array) => secret.every((byte) => byte === 0))).toBe(true)
    expect(() => pair.secrets).toThrow(TypeError)
    expect(() => pair.encode()).toThrow(TypeError)
    expect(pair.cheat).toBeUndefined()
    pair.dispose()
    // A ban is stored even where the copy of the seeds is gone already.
    pair.poison('CHEAT_VOLE')
    pair.dispose()
    expect(OtState.decode(pair.encode()).cheat).toBe('CHEAT_VOLE')
  })

  test('does not multiply for a session once it was disposed of', () => {
    const random = seededRandom()
    const backend = wasmEcdsa()
    const set = holders(backend, 2, 2, random)
    const [client, server] = signingSessions(backend, set, randomDigest(random), random)
    const hello = client!.start().out
    server!.start()
    for (const bytes of hello) server!.receive(bytes)
    set[1]!.pairs[0]!.dispose()
    expect(() => server!.advance()).toThrow('has been disposed of')
  })

  test('has a Δ that is not zero, wherever it comes from', () => {
    const pair = drawPair()
    const { secrets } = pair
    const bytes = pair.encode()
    expect(code(() => OtState.decode(bytes.slice().fill(0, 100, 116)))).toBe('SHARE_PARSING_FAILED')
    expect(code(() => OtState.decode(bytes.slice().fill(0, 68)))).toBe('SHARE_PARSING_FAILED')
    const zeroed = { ...secrets, delta: new Uint8Array(16) }
    expect(() => new OtState(pair, { secrets: zeroed })).toThrow(RangeError)
    const setup = { self: pair.self, peer: pair.peer, transcript: pair.digest, secrets: zeroed }
    expect(() => bindOtState(setup, pair.setId)).toThrow(RangeError)
  })

  test('does not follow the buffers that it was named by', () => {
    const { secrets } = drawPair()
    const [setId, digest] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    const pair = new OtState({ setId, self: partyId(1), peer: partyId(2), digest }, { secrets })
    setId.fill(0)
    digest.fill(0)
    expect([pair.setId[0], pair.digest[0]]).toEqual([1, 2])
  })

  test('is exactly one encoding', () => {
    const bytes = drawPair().encode()
    const changed = (at: number, value: number): Uint8Array => {
      const out = bytes.slice()
      out[at] = value
      return out
    }
    for (const bad of [
      new Uint8Array(0),
      bytes.slice(0, -1),
      concatBytes(bytes, Uint8Array.of(0)),
      changed(0, 2),
      changed(1, 0),
      changed(1, 2),
      changed(34, 0),
      changed(35, 0),
      changed(35, bytes[34] as number),
    ]) {
      expect(code(() => OtState.decode(bad))).toBe('SHARE_PARSING_FAILED')
    }
    const pair = drawPair()
    pair.poison('CHEAT_OTE')
    const poisoned = pair.encode()
    for (const bad of [poisoned.with(68, 9), poisoned.with(1, 0), poisoned.with(1, 3), poisoned.with(1, 1)]) {
      expect(code(() => OtState.decode(bad))).toBe('SHARE_PARSING_FAILED')
    }
    expect(() => OtState.decode('x' as never)).toThrow(TypeError)
  })
})
