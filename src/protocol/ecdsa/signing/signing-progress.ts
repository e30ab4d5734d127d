import type { Scalar } from '../../../curve/group.ts'
import { wipe } from '../../../util/bytes.ts'
import { CodecError, type Reader, type Writer } from '../../../util/codec.ts'
import type { Opened } from './check-round.ts'
import type { Commitment, Nonces, Started } from './commitment-round.ts'
import type { Multiplied } from './multiplication-round.ts'
import { COLUMN_BYTES, POINT_BYTES, ROW_BYTES, TRANSFERS } from '../ot/parameters.ts'
import { type Prepared, readNonces, readPrepared, type SecretReader, writeNonces, writePrepared } from './prepared.ts'
import { SIGNATURE_SHARE_BYTES } from './signature-share.ts'
import { others, type SigningSetup } from './signing-setup.ts'

/** Values of the peers, by participant number. */
export type Peers<T> = ReadonlyMap<number, T>

/**
 * What a signer has done so far. It has sent nothing, its greeting, its commitment, or its products as Alice; it is ready to
 * open its nonce; it has opened its nonce, compared R, or computed its signature share.
 */
export type SigningProgress =
  | { readonly at: 'start' }
  | { readonly at: 'greeted' }
  | {
      readonly at: 'committed'
      /** Of a preprocessing. A signature has no session id before all signers have committed. */
      readonly sid: Uint8Array | undefined
      readonly nonces: Nonces
      readonly started: Peers<Started>
    }
  | {
      readonly at: 'multiplied'
      readonly sid: Uint8Array
      readonly nonces: Nonces
      readonly started: Peers<Started>
      readonly commitments: Peers<Commitment>
      /** The id of the preprocessing, 32 bytes. */
      readonly id: Uint8Array
      readonly multiplied: Peers<Multiplied>
    }
  | { readonly at: 'prepared'; readonly sid: Uint8Array; readonly prepared: Prepared }
  | { readonly at: 'opened'; readonly sid: Uint8Array; readonly prepared: Prepared; readonly key: Scalar }
  | { readonly at: 'compared'; readonly sid: Uint8Array; readonly opened: Opened }
  | { readonly at: 'shared'; readonly sid: Uint8Array; readonly encodedR: Uint8Array; readonly share: Uint8Array }

/** The byte of each step in an exported state. */
export const STEPS = {
  start: 0,
  greeted: 1,
  committed: 2,
  multiplied: 3,
  prepared: 4,
  opened: 5,
  compared: 6,
  shared: 7,
} as const

/** Wipes what this signer keeps as Bob. */
export function wipeStarted(started: Peers<Started>): void {
  for (const { choices, rows } of started.values()) wipe(choices, rows)
}

/** Writes a signer's progress as {@link readProgress} describes, without the step. */
export function writeProgress(writer: Writer, progress: SigningProgress): void {
  switch (progress.at) {
    case 'start':
    case 'greeted':
      return
    case 'committed':
      writer.prefixed(progress.sid ?? new Uint8Array(0))
      writeNonces(writer, progress.nonces)
      for (const one of progress.started.values()) writeStarted(writer, one)
      return
    case 'multiplied':
      writer.bytes(progress.sid).bytes(progress.id)
      writeNonces(writer, progress.nonces)
      for (const [peer, one] of progress.started) {
        writeStarted(writer, one)
        const { fresh, hash } = progress.commitments.get(peer) as Commitment
        const { inputs, shares } = progress.multiplied.get(peer) as Multiplied
        writer.bytes(fresh).bytes(hash)
        for (const secret of [...inputs, ...shares]) writer.bytes(secret)
      }
      return
    case 'prepared':
      writer.bytes(progress.sid)
      writePrepared(writer, progress.prepared)
      return
    case 'opened':
      writer.bytes(progress.sid)
      writePrepared(writer, progress.prepared)
      writer.bytes(progress.key)
      return
    case 'compared': {
      const { encodedR, parts } = progress.opened
      writer.bytes(progress.sid).bytes(encodedR)
      writer.bytes(parts.mask).bytes(parts.denominator).bytes(parts.keyed)
      return
    }
    case 'shared':
      writer.bytes(progress.sid).bytes(progress.encodedR).bytes(progress.share)
  }
}

/** `choices[112] | rows[12288] | transcript[32]` */
function writeStarted(writer: Writer, { choices, rows, transcript }: Started): void {
  writer.bytes(choices).bytes(rows).bytes(transcript)
}

/**
 * Reads a signer's progress, `step u8` followed by
 *
 * - `committed`: `sid length u32 | sid`, the nonces, and for each peer what {@link writeStarted} writes;
 * - `multiplied`: `sid[32] | id[32]`, the nonces, and for each peer what {@link writeStarted} writes and
 *   `fresh[32] | com[32] | α_k[32] | α_x[32] | t_k[32] | t_x[32]`;
 * - `prepared`: `sid[32]` and what `writePrepared` writes;
 * - `opened`: the same and `x_i[32]`;
 * - `compared`: `sid[32] | R[33] | φ_i[32] | u_i[32] | v_i[32]`;
 * - `shared`: `sid[32] | R[33] | w_i[32] | u_i[32]`;
 * - otherwise nothing.
 *
 * @throws {CodecError} for anything else
 */
export function readProgress(setup: SigningSetup, reader: Reader, secrets: SecretReader): SigningProgress {
  const { backend } = setup
  const peers = others(setup)
  const step = reader.u8()
  const bytes = (length: number): Uint8Array => secrets.bytes(length)
  const readStarted = (): Started => ({
    choices: bytes(COLUMN_BYTES),
    rows: bytes(TRANSFERS * ROW_BYTES),
    transcript: bytes(32),
  })
  switch (step) {
    case STEPS.start:
      return { at: 'start' }
    case STEPS.greeted:
      return { at: 'greeted' }
    case STEPS.committed: {
      const sid = reader.prefixed(32)
      const nonces = readNonces(backend, secrets)
      const started = new Map(peers.map((peer): [number, Started] => [peer, readStarted()]))
      return { at: 'committed', sid: sid.length === 0 ? undefined : sid, nonces, started }
    }
    case STEPS.multiplied: {
      const [sid, id] = [bytes(32), bytes(32)]
      const nonces = readNonces(backend, secrets)
      const started = new Map<number, Started>()
      const commitments = new Map<number, Commitment>()
      const multiplied = new Map<number, Multiplied>()
      for (const peer of peers) {
        started.set(peer, readStarted())
        commitments.set(peer, { fresh: bytes(32), hash: bytes(32) })
        const pair = () => [secrets.scalar(), secrets.scalar()] as const
        multiplied.set(peer, { inputs: pair(), shares: pair() })
      }
      return { at: 'multiplied', sid, nonces, started, commitments, id, multiplied }
    }
    case STEPS.prepared:
      return { at: 'prepared', sid: bytes(32), prepared: readPrepared(backend, peers, secrets) }
    case STEPS.opened: {
      const sid = bytes(32)
      return { at: 'opened', sid, prepared: readPrepared(backend, peers, secrets), key: secrets.scalar() }
    }
    case STEPS.compared: {
      const [sid, encodedR] = [bytes(32), bytes(POINT_BYTES)]
      const parts = { mask: secrets.scalar(), denominator: secrets.scalar(), keyed: secrets.scalar() }
      return { at: 'compared', sid, opened: { encodedR, parts } }
    }
    case STEPS.shared:
      return { at: 'shared', sid: bytes(32), encodedR: bytes(POINT_BYTES), share: bytes(SIGNATURE_SHARE_BYTES) }
    default:
      throw new CodecError(`unknown step ${step}`)
  }
}
