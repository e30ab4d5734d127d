// @ts-check
// What Linux says about a process; elsewhere nothing is known.
import { readFileSync } from 'node:fs'

/** Linux counts a process's time in hundredths of a second (USER_HZ). */
const TICKS_PER_SECOND = 100

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Resident memory, in bytes. @param {number} pid */
export function residentBytes(pid) {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '') ?? []
  return kilobytes === undefined ? undefined : 1024 * Number(kilobytes)
}

/** Memory that the process shares with nobody, in bytes. @param {number} pid */
function privateBytes(pid) {
  const [, kilobytes] = /^Pss_Anon:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '') ?? []
  return 1024 * Number(kilobytes ?? 0)
}

/** Seconds of processor time, with that of children that have ended. @param {number} pid */
export function cpuSeconds(pid) {
  const fields = read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /, '')
    .split(' ')
  // utime, stime, cutime, cstime: fields 14 to 17 of proc(5), of which the first two are cut off.
  return fields === undefined
    ? 0
    : fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND
}

/** @param {number} pid @returns {number[]} */
const children = (pid) => (read(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number)

/** Children, their children, and so on. @param {number} pid @returns {number[]} */
export const descendants = (pid) => children(pid).flatMap((child) => [child, ...descendants(child)])

/** A process and its children together. @param {number} pid */
export function treeUsage(pid) {
  const pids = [pid, ...children(pid)]
  return {
    cpuSeconds: pids.reduce((sum, one) => sum + cpuSeconds(one), 0),
    privateBytes: pids.reduce((sum, one) => sum + privateBytes(one), 0),
  }
}
