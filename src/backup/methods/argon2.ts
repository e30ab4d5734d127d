import { MpcError } from '../../errors.ts'
import { throwIfAborted } from '../failures.ts'
import type { OnProgress } from '../progress.ts'
import { type Argon2Memory, countBlocks, fillArgon2 } from './argon2-blocks.ts'
import { openPortableMemory } from './argon2-portable.ts'
import { openWasmMemory } from './argon2-wasm.ts'

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
  const { memoryKiB, passes } = cost
  const memory = await openMemory(cost, options.engine ?? 'wasm')
  const parameters = { password, salt, memoryKiB, passes, tagLength: TAG_LENGTH }
  const tag = await fillArgon2(parameters, memory, (fraction) => {
    throwIfAborted(signal)
    onProgress?.(fraction)
  })
  try {
    throwIfAborted(signal)
  } catch (error) {
    tag.fill(0)
    throw error
  }
  onProgress?.(1)
  return tag
}

/** @throws {OUT_OF_MEMORY} if there is not enough memory */
async function openMemory({ memoryKiB, passes }: Argon2Cost, engine: Argon2Engine): Promise<Argon2Memory> {
  const count = countBlocks(memoryKiB)
  // WebAssembly may be missing, forbidden or without SIMD (Hermes, Lockdown Mode, a CSP), or have not enough memory.
  const inWasm =
    engine === 'wasm' && typeof WebAssembly === 'object'
      ? await openWasmMemory(count, passes).catch(() => undefined)
      : undefined
  try {
    return inWasm ?? openPortableMemory(count, passes)
  } catch (cause) {
    const mebibytes = Math.ceil(memoryKiB / 1024)
    throw new MpcError('OUT_OF_MEMORY', `a password needs ${mebibytes} MiB of memory, which are not free now`, {
      cause,
    })
  }
}
