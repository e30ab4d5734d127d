import { link, readFile, rm, stat } from 'node:fs/promises'
import { conflict, unavailable } from '../failures.ts'
import { temporaryFor, writeNew } from './durable.ts'
import { hasEnded, thisOwner } from '../../util/node/owner.ts'

/** How many processes may end while they hold a claim on one version. Each leaves one file until the next write. */
const MAX_ATTEMPTS = 1000

/**
 * Claims the exclusive right to replace one version of one key, among all processes on this disk.
 *
 * The claim is a file that link(2) creates atomically. Its name contains the version that it replaces. Versions never come
 * back, so a claim that was left behind blocks nobody once that version is gone. If the owner of a claim has ended, the
 * claim with the next attempt number is used instead. A claim is removed only by its owner, or when its version is
 * outdated, so two processes can never take over the same one.
 *
 * The owner must check the version again before it writes: a claim on an outdated version has no effect.
 *
 * @param path the key's file
 * @param version the version to replace, or `none` for a key that was never written
 * @returns a function that releases the claim
 * @throws {STORAGE_CONFLICT} if a running process holds the claim
 * @throws {STORAGE_UNAVAILABLE} if the file system has no hard links, or too many writers have ended
 */
export async function claimVersion(path: string, version: string): Promise<() => Promise<void>> {
  const offer = temporaryFor(path)
  await writeNew(offer, new TextEncoder().encode(thisOwner()))
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const claim = `${path}.${version}.${attempt}.claim`
      if (await linkNew(offer, claim)) {
        // If this fails, the claim is ignored once its version is gone or this process has ended.
        return () => rm(claim, { force: true }).catch(() => undefined)
      }
      const holder = await readOwner(claim)
      if (holder === undefined || !hasEnded(holder)) throw conflict()
    }
  } finally {
    // If this fails, the file is removed after this process has ended. Throwing here would leave a claim that nobody releases.
    await rm(offer, { force: true }).catch(() => undefined)
  }
  throw unavailable(`${MAX_ATTEMPTS} writers ended while they wrote to the share store`)
}

/** Whether a file is a claim on a version of this key other than the current one. */
export function isOutdatedClaim(name: string, file: string, version: string): boolean {
  return name.startsWith(`${file}.`) && name.endsWith('.claim') && !name.startsWith(`${file}.${version}.`)
}

async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    // open(2), NOTES: over a network the response may be lost, but a second link shows that it worked.
    if ((await stat(from)).nlink === 2) return true
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS') {
      throw unavailable('the file system of the share store has no hard links', error)
    }
    throw error
  }
}

/** The owner of a claim, or undefined if it was released in the meantime. */
async function readOwner(claim: string): Promise<string | undefined> {
  try {
    return await readFile(claim, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
