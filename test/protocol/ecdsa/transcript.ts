import { sha256 } from '@noble/hashes/sha2.js'

import type { EcdsaBackend } from '../../../src/protocol/ecdsa/backend.ts'
import { digest32 } from '../../../src/protocol/ecdsa/digest.ts'
import { OtPair } from '../../../src/protocol/ecdsa/ot-pair.ts'
import { createCompletion, createPreprocessing } from '../../../src/protocol/ecdsa/preprocess.ts'
import { Preprocessed } from '../../../src/protocol/ecdsa/preprocessed.ts'
import { bindPair, createOtSetup } from '../../../src/protocol/ecdsa/setup.ts'
import { createEcdsaSigning } from '../../../src/protocol/ecdsa/sign.ts'
import { encodeSignature } from '../../../src/protocol/ecdsa/signature.ts'
import { decodeEnvelope } from '../../../src/protocol/envelope.ts'
import type { Session } from '../../../src/protocol/session.ts'
import type { KeyShare } from '../../../src/share/index.ts'
import { partyId } from '../../../src/types.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { fixedRandom } from '../../support/fixed-random.ts'
import { generate } from '../../support/sets.ts'
import { type Packet, simulate } from '../../support/simulator.ts'
import { failure } from './support.ts'

/** One message of a transcript: its place, its length and its SHA-256, header included. */
interface Line {
  readonly round: number
  readonly from: number
  readonly to: number
  readonly bytes: number
  readonly sha256: string
}

const SIGNERS = [1, 2].map(partyId)
const DIGEST = digest32(sha256(new Uint8Array(0)))

function record<Result>(sessions: readonly Session<Result>[]): { messages: Line[]; results: Result[] } {
  const messages: Line[] = []
  const intercept = (packet: Packet): Packet[] => {
    const { round, from, to } = decodeEnvelope(packet.bytes)
    messages.push({ round, from, to, bytes: packet.bytes.length, sha256: toHex(sha256(packet.bytes)) })
    return [packet]
  }
  const results = simulate(sessions, { intercept }).map(({ done, error }) => {
    if (done === undefined) throw failure(error)
    return done
  })
  return { messages, results }
}

/** A set made and set up with fixed randomness, and the transcript of the set-up. */
export function fixedSetup(backend: EcdsaBackend) {
  const shares = generate(backend.group, 2, 2, fixedRandom('ecdsa keygen'))
  const { messages, results } = record(
    SIGNERS.map((self) =>
      createOtSetup({
        backend,
        parties: SIGNERS,
        self,
        binding: new Uint8Array(32).fill(1),
        random: fixedRandom(`ecdsa set-up ${self}`),
      }),
    ),
  )
  const setId = (shares[0] as KeyShare).record.setId
  const states = results.map(([setup]) => bindPair(setup as never, setId).encode())
  return { shares, states, messages }
}

/** Signs and preprocesses with fixed randomness on a set that {@link fixedSetup} made. */
export function fixedSignatures(backend: EcdsaBackend, shares: readonly KeyShare[], states: readonly Uint8Array[]) {
  const options = (i: number, label: string) => ({
    backend,
    share: shares[i] as KeyShare,
    pairs: [OtPair.decode(states[i] as Uint8Array)],
    signers: SIGNERS,
    random: fixedRandom(`ecdsa ${label} ${i + 1}`),
  })
  const signing = record(
    SIGNERS.map((_, i) => createEcdsaSigning({ ...options(i, 'sign'), digest: DIGEST, aggregator: SIGNERS[0] })),
  )
  const preprocessing = record(
    SIGNERS.map((_, i) => createPreprocessing({ ...options(i, 'preprocess'), incarnation: 0 })),
  )
  const prepared = preprocessing.results.map(({ preprocessed }) => preprocessed!.encode())
  const completion = record(
    SIGNERS.map((_, i) =>
      createCompletion({
        ...options(i, 'complete'),
        digest: DIGEST,
        aggregator: SIGNERS[0]!,
        incarnation: 0,
        preprocessed: Preprocessed.decode(backend, prepared[i]!),
      }),
    ),
  )
  const completed = completion.results[0]!.signature!
  const signature = signing.results[0]!.signature!
  return {
    digest: toHex(DIGEST),
    sign: {
      messages: signing.messages,
      signature: toHex(encodeSignature(signature)),
      recovery: signature.recovery,
    },
    preprocess: {
      messages: preprocessing.messages,
      id: toHex(Preprocessed.decode(backend, prepared[0]!).id),
      stateSha256: prepared.map((state) => toHex(sha256(state))),
    },
    complete: {
      messages: completion.messages,
      signature: toHex(encodeSignature(completed)),
      recovery: completed.recovery,
    },
  }
}
