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

function drawOtState(): OtState {
  return holders(wasmEcdsa(), 2, 2, seededRandom())[0]!.otStates[0]!
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
    const otState = drawOtState()
    const bytes = otState.encode()
    expect(bytes).toHaveLength(STATE_BYTES)
    const read = OtState.decode(bytes)
    expect(toHex(read.encode())).toBe(toHex(bytes))
    expect([read.self, read.peer, toHex(read.setId), toHex(read.digest)]).toEqual([
      otState.self,
      otState.peer,
      toHex(otState.setId),
      toHex(otState.digest),
    ])
    expect(read.secrets).toEqual(otState.secrets)
  })

  test.each<CheatReason>(['CHEAT_OTE', 'CHEAT_VOLE', 'CHEAT_GAMMA'])(
    'poisoned by %s holds no secret and stays poisoned',
    (reason) => {
      const otState = drawOtState()
      const { secrets } = otState
      otState.poison(reason)
      expect(Object.values(secrets).every((secret: Uint8Array) => secret.every((byte) => byte === 0))).toBe(true)
      otState.poison('CHEAT_OTE')
      const bytes = otState.encode()
      expect(bytes.length).toBe(69)
      for (const state of [otState, OtState.decode(bytes)]) {
        expect(state.cheat).toBe(reason)
        expect(code(() => state.secrets)).toBe('OT_POISONED')
      }
    },
  )

  test('that was disposed of gives nothing and takes nothing', () => {
    const otState = drawOtState()
    const { secrets } = otState
    otState.dispose()
    expect(Object.values(secrets).every((secret: Uint8Array) => secret.every((byte) => byte === 0))).toBe(true)
    expect(() => otState.secrets).toThrow(TypeError)
    expect(() => otState.encode()).toThrow(TypeError)
    expect(otState.cheat).toBeUndefined()
    otState.dispose()
    // A ban is stored even where the copy of the seeds is gone already.
    otState.poison('CHEAT_VOLE')
    otState.dispose()
    expect(OtState.decode(otState.encode()).cheat).toBe('CHEAT_VOLE')
  })

  test('does not multiply for a session once it was disposed of', () => {
    const random = seededRandom()
    const backend = wasmEcdsa()
    const set = holders(backend, 2, 2, random)
    const [client, server] = signingSessions(backend, set, randomDigest(random), random)
    const hello = client!.start().out
    server!.start()
    for (const bytes of hello) server!.receive(bytes)
    set[1]!.otStates[0]!.dispose()
    expect(() => server!.advance()).toThrow('has been disposed of')
  })

  test('has a Δ that is not zero, wherever it comes from', () => {
    const otState = drawOtState()
    const { secrets } = otState
    const bytes = otState.encode()
    expect(code(() => OtState.decode(bytes.slice().fill(0, 100, 116)))).toBe('SHARE_PARSING_FAILED')
    expect(code(() => OtState.decode(bytes.slice().fill(0, 68)))).toBe('SHARE_PARSING_FAILED')
    const zeroed = { ...secrets, delta: new Uint8Array(16) }
    expect(() => new OtState(otState, { secrets: zeroed })).toThrow(RangeError)
    const setup = { self: otState.self, peer: otState.peer, transcript: otState.digest, secrets: zeroed }
    expect(() => bindOtState(setup, otState.setId)).toThrow(RangeError)
  })

  test('does not follow the buffers that it was named by', () => {
    const { secrets } = drawOtState()
    const [setId, digest] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    const otState = new OtState({ setId, self: partyId(1), peer: partyId(2), digest }, { secrets })
    setId.fill(0)
    digest.fill(0)
    expect([otState.setId[0], otState.digest[0]]).toEqual([1, 2])
  })

  test('is exactly one encoding', () => {
    const bytes = drawOtState().encode()
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
    const otState = drawOtState()
    otState.poison('CHEAT_OTE')
    const poisoned = otState.encode()
    for (const bad of [poisoned.with(68, 9), poisoned.with(1, 0), poisoned.with(1, 3), poisoned.with(1, 1)]) {
      expect(code(() => OtState.decode(bad))).toBe('SHARE_PARSING_FAILED')
    }
    expect(() => OtState.decode('x' as never)).toThrow(TypeError)
  })
})
