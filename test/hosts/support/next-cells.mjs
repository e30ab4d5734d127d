// @ts-check
// An app of Next.js: the client in a component of the browser, the signing server in route handlers.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { OPEN } from './browsers.mjs'
import { quietly, sizeOf, versionOf } from './built.mjs'
import { ran } from './context.mjs'
import { withSite } from './pages.mjs'

const LAYOUT = `export const metadata = { icons: 'data:,' }

export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>
}
`

/** It reports to the site whose url its own has. */
const PAGE = `'use client'
import { useEffect, useState } from 'react'
import { runApp } from '../story/app.mjs'
import { reportFrom } from '../story/report.mjs'

let started = false

export default function Page() {
  const [state, setState] = useState('ready')
  useEffect(() => {
    if (started) return
    started = true
    void reportFrom('page', runApp, location.search.slice(1)).then(() => setState('done'))
  }, [])
  return <p>{state}</p>
}
`

const ROUTE = (/** @type {string} */ up) => `import { services } from '${up}services.js'

export const dynamic = 'force-dynamic'

const handle = (request) => services().front(request)

export { handle as GET, handle as POST, handle as PUT, handle as DELETE }
`

/** One for the process: each handler may have modules of its own. */
const SERVICES = `import { createServices } from './story/services.mjs'

export const services = () => (globalThis.services ??= createServices())
`

const FILES = {
  'next.config.mjs': "export default { serverExternalPackages: ['@electric-sql/pglite'] }\n",
  'services.js': SERVICES,
  'app/layout.jsx': LAYOUT,
  'app/page.jsx': PAGE,
  'app/token/route.js': ROUTE('../../'),
  'app/v1/[...path]/route.js': ROUTE('../../../'),
}

/** @param {string} name @param {readonly string[]} options of \`next build\` */
export function nextCell(name, options) {
  return {
    version: versionOf('next'),
    /** @param {import('./context.mjs').Context} context */
    async run(context) {
      const folder = context.folder(name, FILES)
      await quietly(context, folder)('next/dist/bin/next', 'build', ...options)
      const result = await serving(context, folder, async (url) => {
        const hosts = { url, token: await context.token(url) }
        return withSite({ folder }, hosts, async (origin, reported) => {
          const { messages, close } = await OPEN.chromium(`${url}/?${origin}`)
          try {
            const { result, error } = await reported.catch((cause) => ({ error: cause.message }))
            if (error !== undefined || messages.length > 0) throw new Error([error, ...messages].join('\n'))
            return result
          } finally {
            await close()
          }
        })
      })
      return ran(result, `${sizeOf(join(folder, '.next/static'))} with Next.js`)
    },
  }
}

/**
 * Serves an app that was built.
 *
 * @template T
 * @param {import('./context.mjs').Context} context
 * @param {string} folder
 * @param {(url: string, output: () => string) => Promise<T>} use
 * @param {{ port?: number, env?: Readonly<Record<string, string>> }} [options]
 */
export async function serving({ bin }, folder, use, { port: wanted, env } = {}) {
  const port = wanted ?? (await freePort())
  const server = spawn(process.execPath, [bin('next/dist/bin/next'), 'start', '-H', '127.0.0.1', '-p', `${port}`], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = /** @type {string[]} */ ([])
  for (const stream of [server.stdout, server.stderr])
    stream.setEncoding('utf8').on('data', (text) => output.push(text))
  const ended = once(server, 'close')
  const url = `http://127.0.0.1:${port}`
  try {
    for (let tries = 0; tries < 300 && !(await answers(url)); tries++)
      await new Promise((next) => setTimeout(next, 100))
    return await use(url, () => output.join(''))
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${output.join('')}`, { cause: error })
  } finally {
    server.kill('SIGKILL')
    await ended
  }
}

/** @param {string} url */
const answers = (url) =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  return port
}
