import { argon2idAsync } from '@noble/hashes/argon2.js'
import { MpcError } from '../../errors.ts'
import { throwIfAborted } from '../failures.ts'
import type { OnProgress } from '../progress.ts'
import { fillArgon2, openArgon2Memory } from './argon2-wasm.ts'

/** What one guess of a password costs. */
export interface Argon2Cost {
  /** m, in KiB */
  readonly memoryKiB: number
  /** t */
  readonly passes: number
}

/** Which implementation derives; both give the same bytes. */
export type Argon2Engine = 'wasm' | 'portable'

const TAG_LENGTH = 32

interface WorkOptions {
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/**
 * Argon2id (RFC 9106, version 0x13) with one lane and a 32-byte tag.
 *
 * In WebAssembly it takes 0.3 to 0.4 s at the usual cost, without it some seconds. Either way the work is done in slices of
 * 10 to 20 ms, with progress, and can be stopped in between.
 *
 * @param password secret bytes, which stay the caller's to wipe
 * @returns 32 secret bytes; the caller wipes them
 * @throws {ABORTED} if the signal was aborted
 * @throws {OUT_OF_MEMORY} if there is not enough memory
 */
export async function deriveArgon2id(
  password: Uint8Array,
  salt: Uint8Array,
  cost: Argon2Cost,
  options: WorkOptions & { readonly engine?: Argon2Engine } = {},
): Promise<Uint8Array> {
  const { onProgress, signal } = options
  throwIfAborted(signal)
  onProgress?.(0)
  const tag =
    ((options.engine ?? 'wasm') === 'wasm' ? await inWasm(password, salt, cost, options) : undefined) ??
    (await portable(password, salt, cost, options))
  try {
    throwIfAborted(signal)
  } catch (error) {
    tag.fill(0)
    throw error
  }
  onProgress?.(1)
  return tag
}

/** Undefined where WebAssembly is missing, forbidden or without SIMD (Hermes, Lockdown Mode, a CSP), or has not enough memory. */
async function inWasm(
  password: Uint8Array,
  salt: Uint8Array,
  { memoryKiB, passes }: Argon2Cost,
  { onProgress, signal }: WorkOptions,
): Promise<Uint8Array | undefined> {
  if (typeof WebAssembly !== 'object') return undefined
  const memory = await openArgon2Memory(memoryKiB, passes).catch(() => undefined)
  if (memory === undefined) return undefined
  const parameters = { password, salt, memoryKiB, passes, tagLength: TAG_LENGTH }
  return fillArgon2(parameters, memory, (fraction) => {
    throwIfAborted(signal)
    onProgress?.(fraction)
  })
}

/** @throws {OUT_OF_MEMORY} if it cannot even begin: with arguments in bounds, that is all that can fail */
async function portable(
  password: Uint8Array,
  salt: Uint8Array,
  { memoryKiB, passes }: Argon2Cost,
  { onProgress, signal }: WorkOptions,
): Promise<Uint8Array> {
  let hasBegun = false
  try {
    return await argon2idAsync(password, salt, {
      m: memoryKiB,
      t: passes,
      p: 1,
      dkLen: TAG_LENGTH,
      onProgress: (fraction) => {
        hasBegun = true
        throwIfAborted(signal)
        onProgress?.(fraction)
      },
    })
  } catch (cause) {
    if (hasBegun) throw cause
    const mebibytes = Math.ceil(memoryKiB / 1024)
    throw new MpcError('OUT_OF_MEMORY', `a password needs ${mebibytes} MiB of memory, which are not free now`, {
      cause,
    })
  }
}
