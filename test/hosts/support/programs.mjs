// @ts-check
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const TIMEOUT_MS = 120_000

/**
 * Runs a program to its end.
 *
 * @param {string} program
 * @param {readonly string[]} parameters
 * @param {{ cwd?: string, env?: Record<string, string>, timeoutMs?: number, all?: boolean, input?: string }} [options]
 *   `input` is what the program reads
 * @returns {Promise<string>} its standard output; with `all` everything that it printed
 * @throws {Error} with everything that it printed, if it fails or takes too long
 */
export function run(program, parameters, options = {}) {
  const { cwd, env = {}, timeoutMs = TIMEOUT_MS, all: both = false, input = '' } = options
  return new Promise((done, failed) => {
    const child = spawn(program, parameters, { cwd, env: { ...process.env, ...env }, stdio: 'pipe' })
    // A program that ends without reading it is no error.
    child.stdin.on('error', () => undefined).end(input)
    const [out, all] = [/** @type {string[]} */ ([]), /** @type {string[]} */ ([])]
    child.stdout.setEncoding('utf8').on('data', (text) => void (out.push(text), all.push(text)))
    child.stderr.setEncoding('utf8').on('data', (text) => all.push(text))
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    child.on('error', failed)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) done((both ? all : out).join(''))
      else failed(new Error(`${program} ${parameters.join(' ')} ended with ${code ?? signal}\n${all.join('')}`))
    })
  })
}

/**
 * Starts a program that prints a line of JSON once it serves.
 *
 * @param {string} program
 * @param {readonly string[]} parameters
 * @param {{ cwd?: string, env?: Record<string, string> }} [options]
 * @returns {Promise<{ ready: any, output: () => string, stop: () => Promise<void> }>}
 */
export async function start(program, parameters, { cwd, env = {} } = {}) {
  const child = spawn(program, parameters, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise((resolve) => child.on('close', resolve))
  const all = /** @type {string[]} */ ([])
  child.stderr.setEncoding('utf8').on('data', (text) => all.push(text))
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
  }
  const first = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      all.push(`${line}\n`)
      if (line.startsWith('{')) resolve(line)
    })
    child.on('error', reject)
    void ended.then((code) => reject(new Error(`${program} ended with ${code}\n${all.join('')}`)))
    setTimeout(() => reject(new Error(`${program} does not serve\n${all.join('')}`)), TIMEOUT_MS).unref()
  })
  try {
    return { ready: JSON.parse(await first), output: () => all.join(''), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
