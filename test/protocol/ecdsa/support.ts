import { secp256k1 } from '@noble/curves/secp256k1.js'

import { MpcError, ProtocolError } from '../../../src/errors.ts'
import type { EcdsaBackend } from '../../../src/protocol/ecdsa/ot/backend.ts'
import { digest32, type Digest32 } from '../../../src/protocol/ecdsa/signing/digest.ts'
import { bit } from '../../../src/protocol/ecdsa/ot/bit-matrix.ts'
import { OtState, type OtSecrets } from '../../../src/protocol/ecdsa/ot/ot-state.ts'
import {
  type CompletionOptions,
  createCompletion,
  createPreprocessing,
  type PreprocessingOptions,
} from '../../../src/protocol/ecdsa/signing/preprocess.ts'
import type { Preprocessed } from '../../../src/protocol/ecdsa/signing/preprocessed.ts'
import { bindOtState, createOtSetup, type PeerSetup } from '../../../src/protocol/ecdsa/setup/create-setup.ts'
import { createEcdsaSigning, type EcdsaSigningOptions } from '../../../src/protocol/ecdsa/signing/sign.ts'
import { type EcdsaSignature, encodeSignature } from '../../../src/protocol/ecdsa/signing/signature.ts'
import type { EcdsaResult } from '../../../src/protocol/ecdsa/signing/signing-machine.ts'
import type { Session } from '../../../src/protocol/session/session.ts'
import type { KeyShare } from '../../../src/key-share/index.ts'
import { partyId, type PartyId } from '../../../src/types.ts'
import { concatBytes, toHex } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { generate } from '../../support/sets.ts'
import { type Network, simulate } from '../../support/simulator.ts'

export { backends } from './backends.ts'

/** What one party of a share set holds. */
export interface Holder {
  readonly share: KeyShare
  readonly otStates: readonly OtState[]
}

const BINDING = new Uint8Array(32).fill(9)

export function setupSessions(
  backend: EcdsaBackend,
  parties: readonly PartyId[],
  random: RandomSource,
  binding: Uint8Array = BINDING,
): Session<readonly PeerSetup[]>[] {
  return parties.map((self) => createOtSetup({ backend, parties, self, binding, random }))
}

/** Sets up every pair of a set's parties. */
export function setupPairs(backend: EcdsaBackend, shares: readonly KeyShare[], random: RandomSource): Holder[] {
  const outcomes = simulate(
    setupSessions(
      backend,
      shares.map(({ id }) => id),
      random,
    ),
  )
  return shares.map((share, i) => {
    const { done, error } = outcomes[i] as (typeof outcomes)[number]
    if (done === undefined) throw failure(error)
    return { share, otStates: done.map((setup) => bindOtState(setup, share.record.setId)) }
  })
}

/** Runs no setup: deals what one would have given, so that tests of signing need no 1,024 point multiplications. */
export function dealPairs(shares: readonly KeyShare[], random: RandomSource): Holder[] {
  const dealt = new Map<PartyId, OtState[]>(shares.map(({ id }) => [id, []]))
  for (const [i, first] of shares.entries()) {
    for (const second of shares.slice(i + 1)) {
      const [digest, zeroSeed] = [random(32), random(32)]
      const [forFirst, forSecond] = [random(8192), random(8192)]
      const about = { setId: first.record.setId, digest }
      const secrets = (seedsAsBob: Uint8Array, peersSeeds: Uint8Array): OtSecrets => {
        const delta = random(16)
        return {
          delta,
          multiplierSeeds: chosen(peersSeeds, delta),
          choiceSeeds: seedsAsBob.slice(),
          zeroSeed: zeroSeed.slice(),
        }
      }
      const states = [
        new OtState({ ...about, self: first.id, peer: second.id }, { secrets: secrets(forFirst, forSecond) }),
        new OtState({ ...about, self: second.id, peer: first.id }, { secrets: secrets(forSecond, forFirst) }),
      ]
      for (const state of states) dealt.get(state.self)?.push(state)
    }
  }
  return shares.map((share) => ({ share, otStates: dealt.get(share.id) as OtState[] }))
}

/** Of 128 pairs of seeds the ones of branch 1 ⊕ Δ_i. */
export function chosen(pairs: Uint8Array, delta: Uint8Array): Uint8Array {
  const seeds = Array.from({ length: 128 }, (_, i) => {
    const at = 32 * (2 * i + (1 ^ bit(delta, i)))
    return pairs.slice(at, at + 32)
  })
  return concatBytes(...seeds)
}

/** A signing set with dealt oblivious-transfer states. */
export function holders({ group }: EcdsaBackend, threshold: number, count: number, random: RandomSource): Holder[] {
  return dealPairs(generate(group, threshold, count, random), random)
}

export function ids(...numbers: number[]): PartyId[] {
  return numbers.map(partyId)
}

export type Changes<Options> = (id: PartyId) => Partial<Options>

export function signingSessions(
  backend: EcdsaBackend,
  signers: readonly Holder[],
  digest: Digest32,
  random: RandomSource,
  change: Changes<EcdsaSigningOptions> = () => ({}),
): Session<EcdsaResult>[] {
  const list = signers.map(({ share }) => share.id)
  return signers.map((holder) =>
    createEcdsaSigning({ backend, ...holder, signers: list, digest, random, ...change(holder.share.id) }),
  )
}

export function preprocessingSessions(
  backend: EcdsaBackend,
  signers: readonly Holder[],
  random: RandomSource,
  change: Changes<PreprocessingOptions> = () => ({}),
): Session<EcdsaResult>[] {
  const list = signers.map(({ share }) => share.id)
  return signers.map((holder) =>
    createPreprocessing({ backend, ...holder, signers: list, epoch: 0, random, ...change(holder.share.id) }),
  )
}

/** Runs a preprocessing and gives every signer's side. */
export function preprocess(
  backend: EcdsaBackend,
  signers: readonly Holder[],
  random: RandomSource,
  change?: Changes<PreprocessingOptions>,
): Preprocessed[] {
  return simulate(preprocessingSessions(backend, signers, random, change)).map(({ done, error }) => {
    if (done?.preprocessed === undefined) throw failure(error)
    return done.preprocessed
  })
}

export function completionSessions(
  backend: EcdsaBackend,
  signers: readonly Holder[],
  preprocessed: readonly Preprocessed[],
  digest: Digest32,
  random: RandomSource,
  change: Changes<CompletionOptions> = () => ({}),
): Session<EcdsaResult>[] {
  const list = signers.map(({ share }) => share.id)
  return signers.map((holder, i) => {
    const own = { preprocessed: preprocessed[i] as Preprocessed, epoch: 0, digest, random }
    return createCompletion({ backend, ...holder, signers: list, ...own, ...change(holder.share.id) })
  })
}

/** Runs signing sessions and gives every signer's signature. */
export function signatures(
  sessions: readonly Session<EcdsaResult>[],
  network?: Network,
): (EcdsaSignature | undefined)[] {
  return simulate(sessions, network).map(({ done, error }) => {
    if (done === undefined) throw failure(error)
    return done.signature
  })
}

/** Whether noble takes a signature, with a low s. */
export function nobleVerifies(signature: EcdsaSignature, digest: Uint8Array, publicKey: Uint8Array): boolean {
  return secp256k1.verify(encodeSignature(signature), digest, publicKey, { prehash: false, lowS: true })
}

/** Whether noble takes a signature, and recovers the key from it. */
export function nobleAccepts(signature: EcdsaSignature, digest: Uint8Array, publicKey: Uint8Array): boolean {
  const recovered = new secp256k1.Signature(
    BigInt(`0x${toHex(signature.r)}`),
    BigInt(`0x${toHex(signature.s)}`),
    signature.recovery,
  ).recoverPublicKey(digest)
  return nobleVerifies(signature, digest, publicKey) && toHex(recovered.toBytes(true)) === toHex(publicKey)
}

export function randomDigest(random: RandomSource): Digest32 {
  return digest32(random(32))
}

/** What a session that should have finished has thrown, or that it waits for ever. */
export function failure(error: unknown): Error {
  return error instanceof Error ? error : new Error('the protocol did not finish')
}

/** Why it fails: the reason of an abort, the code of another error, the name of any other. */
export function reasonOf(run: () => unknown): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof ProtocolError) return error.reason
    return error instanceof MpcError ? error.code : (error as Error).constructor.name
  }
}
