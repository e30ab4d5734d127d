// @ts-check
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createPeer } from './calls.mjs'
import { cpuSeconds } from './proc.mjs'

/**
 * One of the processes of a run, which can be killed and started again as it was.
 *
 * @typedef {object} Slot
 * @property {string} name
 * @property {() => number} pid
 * @property {(name: string, argument?: unknown) => Promise<any>} call
 * @property {() => Promise<void>} restart after SIGKILL
 * @property {(load: URL) => Promise<void>} moveTo restarts it with the programs of another `load` folder
 * @property {() => number} exits how often it has ended by itself
 * @property {() => number} cpuSeconds of all the processes that have run here
 * @property {() => void} noteCpu reads it; what was used since is lost with a process that is killed
 * @property {() => Promise<void>} stop
 */

/**
 * @param {string} name
 * @param {'server' | 'custodian' | 'driver'} kind
 * @param {object} argument
 * @param {URL} [load] the folder of the programs
 * @returns {Promise<Slot>}
 */
export async function startProcess(name, kind, argument, load = new URL('./', import.meta.url)) {
  let exits = 0
  let wanted = true
  let ended = 0
  let running = 0
  let programs = load
  let peer = await launch()

  async function launch() {
    const program = fileURLToPath(new URL(`${kind}-child.mjs`, programs))
    const child = fork(program, [JSON.stringify(argument)], {
      execArgv: ['--expose-gc'],
      // What it prints is for people: standard output may be JSON.
      stdio: ['ignore', 2, 2, 'ipc'],
    })
    const started = createPeer(child)
    const ready = await Promise.race([once(child, 'message').then(() => true), once(child, 'exit').then(() => false)])
    if (!ready) throw new Error(`${name} did not start`)
    child.on('exit', () => void replace(child))
    return started
  }

  /** @param {import('node:child_process').ChildProcess} child */
  async function replace(child) {
    if (!wanted || child !== peer.child) return
    exits += 1
    console.error(`${name} has ended by itself`)
    turnOver()
    peer = await launch()
  }

  function noteCpu() {
    running = Math.max(running, cpuSeconds(peer.child.pid ?? 0))
  }

  function turnOver() {
    ended += running
    running = 0
  }

  async function kill() {
    const { child } = peer
    noteCpu()
    if (child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }

  async function restart() {
    wanted = false
    await kill()
    turnOver()
    peer = await launch()
    wanted = true
  }

  return {
    name,
    pid: () => peer.child.pid ?? 0,
    call: (what, parameters) => peer.call(what, parameters),
    restart,
    async moveTo(folder) {
      programs = folder
      await restart()
    },
    exits: () => exits,
    noteCpu,
    cpuSeconds: () => ended + running,
    async stop() {
      wanted = false
      await kill()
    },
  }
}
