// @ts-check
// WebKitGTK through its WebDriver (W3C WebDriver, plain HTTP). Plain JavaScript, because Node scripts use it too.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/**
 * @typedef {object} Session
 * @property {(url: string) => Promise<void>} navigate
 * @property {(method: 'GET' | 'POST', path: string, body?: unknown) => Promise<unknown>} command a WebDriver command of this session; `path` begins with a slash
 * @property {() => Promise<void>} close
 */

const START_TIMEOUT_MS = 30_000

/**
 * Starts the driver and a browser; they need a display.
 *
 * @param {string} driver path of WebKitWebDriver
 * @param {string} browser path of WebKitGTK's MiniBrowser
 * @param {string} [display] by default that of this process
 * @returns {Promise<Session>}
 */
export async function openSession(driver, browser, display = process.env['DISPLAY']) {
  const port = await freePort()
  const child = spawn(driver, [`--port=${port}`], { stdio: 'ignore', env: { ...process.env, DISPLAY: display } })
  const base = `http://127.0.0.1:${port}`
  try {
    await Promise.race([untilReady(base), exited(child)])
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': { binary: browser, args: ['--automation'] } } }
    const { sessionId } = /** @type {{ sessionId: string }} */ (await call(base, 'POST', '/session', { capabilities }))
    return {
      command: (method, path, body) => call(base, method, `/session/${sessionId}${path}`, body),
      navigate: async (url) => void (await call(base, 'POST', `/session/${sessionId}/url`, { url })),
      close: async () => {
        await call(base, 'DELETE', `/session/${sessionId}`).catch(() => undefined)
        child.kill()
      },
    }
  } catch (error) {
    child.kill()
    throw error
  }
}

/**
 * One WebDriver command; its answer is always `{ value }`.
 *
 * @param {string} base
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<unknown>}
 */
async function call(base, method, path, body) {
  const response = await fetch(base + path, { method, ...(body !== undefined && { body: JSON.stringify(body) }) })
  const { value } = /** @type {{ value: { error?: string, message?: string } | null }} */ (await response.json())
  if (value?.error !== undefined) throw new Error(`WebKitWebDriver: ${value.error}: ${value.message}`)
  return value
}

/** @param {string} base */
async function untilReady(base) {
  const deadline = AbortSignal.timeout(START_TIMEOUT_MS)
  for (;;) {
    try {
      await call(base, 'GET', '/status')
      return
    } catch (error) {
      if (deadline.aborted) throw new Error('WebKitWebDriver does not answer', { cause: error })
      await setTimeout(50)
    }
  }
}

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<never>} */
async function exited(child) {
  const [code] = /** @type {[number | null]} */ (await once(child, 'exit'))
  throw new Error(`WebKitWebDriver ended with code ${code}`)
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}
