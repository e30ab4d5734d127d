import { link, readFile, rm, stat } from 'node:fs/promises'
import { conflict, unavailable } from '../failures.ts'
import { temporaryFor, writeNew } from './durable.ts'
import { hasEnded, thisOwner } from '../../util/node/owner.ts'

/** Processes that end while they hold a claim on one version; each leaves one file until the next write. */
const MAX_ATTEMPTS = 1000

/**
 * The exclusive right to replace one version of one key, among all processes on this disk.
 *
 * The claim is a file that link(2) creates whole or not at all. Its name holds the version that it replaces, and
 * versions never come back, so a claim that was left behind can stand in nobody's way once that version is gone. If its
 * owner ended before, the next attempt's name is taken instead; a claim is removed by its owner only, or once it is
 * outdated, so two processes can never take over from the same one.
 *
 * The owner must look at the version again before it writes: a claim on an outdated version is worth nothing.
 *
 * @param path the key's file
 * @param version the version to replace, or `none` for a key that was never written
 * @returns the claim's release
 * @throws {STORAGE_CONFLICT} if a running process holds it
 */
export async function claimVersion(path: string, version: string): Promise<() => Promise<void>> {
  const offer = temporaryFor(path)
  await writeNew(offer, new TextEncoder().encode(thisOwner()))
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const claim = `${path}.${version}.${attempt}.claim`
      if (await linkNew(offer, claim)) {
        // Left behind, it outlasts its version or this process at most.
        return () => rm(claim, { force: true }).catch(() => undefined)
      }
      const holder = await readOwner(claim)
      if (holder === undefined || !hasEnded(holder)) throw conflict()
    }
  } finally {
    // Left behind, it goes with this process. Failing here would leave a claim that nobody releases.
    await rm(offer, { force: true }).catch(() => undefined)
  }
  throw unavailable(`${MAX_ATTEMPTS} writers ended while they wrote to the share store`)
}

/** Whether a file is a claim on another version of this key than the present one. */
export function isOutdatedClaim(name: string, file: string, version: string): boolean {
  return name.startsWith(`${file}.`) && name.endsWith('.claim') && !name.startsWith(`${file}.${version}.`)
}

async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    // open(2), NOTES: over a network the answer may be lost, and the second link tells.
    if ((await stat(from)).nlink === 2) return true
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS') {
      throw unavailable('the file system of the share store has no hard links', error)
    }
    throw error
  }
}

/** The holder of a claim, or undefined if it was released meanwhile. */
async function readOwner(claim: string): Promise<string | undefined> {
  try {
    return await readFile(claim, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
