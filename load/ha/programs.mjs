// @ts-check
// The programs of a cluster as processes: started, stopped, killed, frozen.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { onPath } from '../../test/support/browsers/engines.mjs'

/** How many of a program's last lines are kept, to show when it fails. */
const LINES = 40

/**
 * @typedef {object} Program
 * @property {string} name
 * @property {() => number} pid
 * @property {() => boolean} isRunning
 * @property {() => boolean} hasEnded after it was started, by itself or not
 * @property {() => void} start
 * @property {(signal: NodeJS.Signals) => void} send
 * @property {(signal?: NodeJS.Signals) => Promise<void>} end and waits for it; SIGKILL unless said otherwise
 * @property {() => string} log its last lines
 */

/** Where Debian has the programs: some are not on every account's PATH. @param {string} name */
export function findProgram(name) {
  const system = `/usr/sbin/${name}`
  const found = onPath([name]) ?? (existsSync(system) ? system : undefined)
  if (found === undefined) throw new Error(`${name} is not installed: .ci/load installs what the run needs`)
  return found
}

/**
 * @param {string} name
 * @param {readonly string[]} command the program and its arguments
 * @param {{ cwd: string, account: { uid: number, gid: number } | undefined }} how
 * @returns {Program}
 */
export function createProgram(name, [file = '', ...parameters], { cwd, account }) {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child
  /** @type {string[]} */
  const lines = []
  const note = (/** @type {Buffer} */ chunk) => {
    lines.push(...chunk.toString('utf8').split('\n').filter(Boolean))
    lines.splice(0, lines.length - LINES)
  }
  const hasEnded = () => child !== undefined && (child.exitCode !== null || child.signalCode !== null)
  const isRunning = () => child !== undefined && !hasEnded()
  return {
    name,
    pid: () => child?.pid ?? 0,
    isRunning,
    hasEnded,
    start() {
      // Detached: Ctrl-C reaches the run first, which then ends its programs.
      const started = spawn(file, parameters, { ...account, cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
      started.on('error', (error) => lines.push(error.message))
      started.stdout.on('data', note)
      started.stderr.on('data', note)
      child = started
    },
    send(signal) {
      if (isRunning()) child?.kill(signal)
    },
    async end(signal = 'SIGKILL') {
      if (child === undefined || !isRunning()) return
      const exit = once(child, 'exit')
      child.kill(signal)
      await exit
    },
    log: () => lines.join('\n'),
  }
}

/**
 * Waits until something is so.
 *
 * @param {string} what for the error
 * @param {() => Promise<boolean> | boolean} isSo what it throws counts as false
 * @param {number} [seconds] long enough for a busy machine
 */
export async function until(what, isSo, seconds = 300) {
  const end = Date.now() + 1000 * seconds
  for (;;) {
    try {
      if (await isSo()) return
    } catch {
      // Asked again: who answers may be down.
    }
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain until ${what}`)
    await wait(100)
  }
}

/**
 * Waits until something is so of programs that were started, as long as none of them ends.
 *
 * @param {string} what for the error
 * @param {{ programs: readonly Program[], signal: AbortSignal }} start `signal` ends it
 * @param {() => Promise<boolean> | boolean} isSo
 */
export async function untilStarted(what, { programs, signal }, isSo) {
  /** @type {Program | undefined} */
  let ended
  await until(what, () => {
    ended = programs.find(({ hasEnded }) => hasEnded())
    return ended !== undefined || signal.aborted || isSo()
  })
  signal.throwIfAborted()
  if (ended !== undefined) throw new Error(`${ended.name} has ended before ${what}`)
}
