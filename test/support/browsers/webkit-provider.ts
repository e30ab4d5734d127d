import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { defineBrowserProvider } from '@vitest/browser'
import type { BrowserProvider } from 'vitest/node'

/** Where the WebDriver server and the browser are. */
export interface WebkitOptions {
  /** Path of WebKitWebDriver. */
  driver: string
  /** Path of WebKitGTK's MiniBrowser. */
  browser: string
}

const START_TIMEOUT_MS = 30_000

/** Drives WebKitGTK through its WebDriver (W3C WebDriver, plain HTTP); it needs a display. */
export function webkitGtk(options: WebkitOptions) {
  return defineBrowserProvider({
    name: 'webkit-gtk',
    supportedBrowser: ['webkit'],
    options,
    providerFactory: () => provider(options),
  })
}

function provider({ driver, browser }: WebkitOptions): BrowserProvider {
  let opening: Promise<Session> | undefined
  return {
    name: 'webkit-gtk',
    supportsParallelism: false,
    getCommandsContext: () => ({}),
    async openPage(_sessionId, url) {
      const session = await (opening ??= openSession(driver, browser))
      await session.navigate(url)
    },
    async close() {
      const session = await opening?.catch(() => undefined)
      await session?.close()
    },
  }
}

interface Session {
  navigate(url: string): Promise<void>
  close(): Promise<void>
}

async function openSession(driver: string, browser: string): Promise<Session> {
  const port = await freePort()
  const child = spawn(driver, [`--port=${port}`], { stdio: 'ignore' })
  const base = `http://127.0.0.1:${port}`
  try {
    await Promise.race([untilReady(base), exited(child)])
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': { binary: browser, args: ['--automation'] } } }
    const { sessionId } = (await call(base, 'POST', '/session', { capabilities })) as { sessionId: string }
    return {
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

/** One WebDriver command; its answer is always `{ value }`. */
async function call(base: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(base + path, { method, ...(body !== undefined && { body: JSON.stringify(body) }) })
  const { value } = (await response.json()) as { value: { error?: string; message?: string } | null }
  if (value?.error !== undefined) throw new Error(`WebKitWebDriver: ${value.error}: ${value.message}`)
  return value
}

async function untilReady(base: string): Promise<void> {
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

async function exited(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null]
  throw new Error(`WebKitWebDriver ended with code ${code}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
