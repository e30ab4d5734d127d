import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * The name of a process, for file names: `host-boot-namespace-pid-start`.
 *
 * Boot id, pid namespace and start time are `0` on systems other than Linux.
 */
export type Owner = string

const OWNER = /^([0-9a-f]{12})-([0-9a-f]{12}|0)-(\d+)-(\d+)-(\d+)$/

/** The name of this process. */
export function thisOwner(): Owner {
  return (own ??= [hash(hostname()), bootId(), pidNamespace(), process.pid, startTime('self') ?? '0'].join('-'))
}
let own: Owner | undefined

/**
 * Whether a process has certainly ended, so that it will never continue its work.
 *
 * If that is unknown (another host, another container, an unreadable name), the process counts as running.
 */
export function hasEnded(owner: Owner): boolean {
  const theirs = OWNER.exec(owner)
  const ours = OWNER.exec(thisOwner())
  if (theirs === null || ours === null) return false
  const [, host, boot, namespace, pid, start] = theirs
  if (host !== ours[1]) return false
  if (boot !== ours[2]) return true
  if (namespace !== ours[3]) return false
  if (!isRunning(Number(pid))) return true
  // The pid may belong to a later process.
  const startNow = startTime(pid as string)
  return start !== '0' && startNow !== undefined && startNow !== start
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function bootId(): string {
  const id = readText('/proc/sys/kernel/random/boot_id')
  return id === undefined ? '0' : hash(id.trim())
}

function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    return '0'
  }
}

/** Field 22 of proc(5) stat, in clock ticks since boot. The second field may contain spaces and parentheses. */
function startTime(pid: string): string | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
