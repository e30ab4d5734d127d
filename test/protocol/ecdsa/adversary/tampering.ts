import type { EcdsaBackend } from '../../../../src/protocol/ecdsa/ot/backend.ts'
import type { OtState } from '../../../../src/protocol/ecdsa/ot/ot-state.ts'
import { decodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import type { SeededRandom } from '../../../support/random.ts'
import { type SimulationResult, type Packet, rewrite, simulate } from '../../../support/simulator.ts'
import { type Holder, randomDigest, signingSessions } from '../support.ts'

/** Changes one message of participant 2: the one with this round and this length. */
export function tampering(round: number, length: number, change: (body: Uint8Array) => Uint8Array) {
  return (packet: Packet): Packet[] => {
    const { round: its, body } = decodeEnvelope(packet.bytes)
    if (packet.from !== 2 || its !== round || body.length !== length) return [packet]
    return [rewrite(packet, () => ({ body: change(body) }))]
  }
}

export function replaced(body: Uint8Array, at: number, bytes: Uint8Array): Uint8Array {
  const out = body.slice()
  out.set(bytes, at)
  return out
}

/** Runs a signature of two whose participant 2 cheats on the wire, and gives what participant 1 ends with. */
export const victimIn =
  (backend: EcdsaBackend) =>
  (set: readonly Holder[], random: SeededRandom, intercept: (packet: Packet) => Packet[]): SimulationResult<unknown> =>
    simulate(signingSessions(backend, set, randomDigest(random), random), { intercept })[0] as SimulationResult<unknown>

/** The first oblivious-transfer state of a party. */
export const otStateOf = (set: readonly Holder[], at = 0): OtState => set[at]!.otStates[0] as OtState
