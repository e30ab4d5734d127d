// @ts-check
// Cloudflare's runtime, with a worker that is reached on loopback.
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { cpSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'

/** @typedef {import('./context.mjs').Context} Context */

const PROGRAM = '@cloudflare/workerd-linux-64/bin/workerd'
const DATE = '2026-11-01'
const START_MS = 20_000

/** @param {Context} context */
export const workerdVersion = async ({ bin, run }) =>
  (await run(bin(PROGRAM), ['--version'])).trim().replace('workerd ', '')

/**
 * Runs a worker while something calls it.
 *
 * @template T
 * @param {Context} context
 * @param {{ folder: string, script: string, bindings?: Readonly<Record<string, object>> }} worker bundled, importing
 *   reshare/core.wasm; its bindings are JSON
 * @param {(url: string) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withWorker({ bin }, { folder, script, bindings = {} }, use) {
  cpSync(bin('reshare/dist/core.wasm'), join(folder, 'core.wasm'))
  const port = await freePort()
  writeFileSync(join(folder, 'workerd.capnp'), configuration(port, script, bindings))
  const child = spawn(bin(PROGRAM), ['serve', '--experimental', 'workerd.capnp'], { cwd: folder })
  const said = /** @type {string[]} */ ([])
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => said.push(text))
  const ended = once(child, 'close')
  try {
    const url = `http://127.0.0.1:${port}`
    await untilReady(url, child)
    return await use(url)
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${said.join('')}`, { cause: error })
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

/** @param {number} port @param {string} script @param {Readonly<Record<string, object>>} bindings */
function configuration(port, script, bindings) {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [
        (name = "${script}", esModule = embed "${script}"),
        (name = "reshare/core.wasm", wasm = embed "core.wasm")
      ],
      compatibilityDate = "${DATE}",
      bindings = [${Object.entries(bindings)
        .map(([name, value]) => bindingOf(name, value))
        .join()}],
    )),
    (name = "internet", network = (allow = ["public", "private"]))
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
`
}

/** @param {string} name @param {object} value */
function bindingOf(name, value) {
  return `(name = "${name}", json = ${JSON.stringify(JSON.stringify(value))})`
}

/** @param {string} url @param {import('node:child_process').ChildProcess} child */
async function untilReady(url, child) {
  const deadline = AbortSignal.timeout(START_MS)
  for (;;) {
    try {
      await fetch(url, { method: 'HEAD' })
      return
    } catch (error) {
      if (child.exitCode !== null || deadline.aborted) throw new Error('workerd does not serve', { cause: error })
      await setTimeout(50)
    }
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}
