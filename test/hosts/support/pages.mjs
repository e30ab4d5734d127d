// @ts-check
// A folder as a site on loopback, and a browser that opens it and reports.
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { text } from 'node:stream/consumers'
import { OPEN } from './browsers.mjs'

/** @typedef {import('./browsers.mjs').Browser} Browser */

/**
 * @typedef {object} Site
 * @property {string} folder of the files; index.html is that of a folder
 * @property {string} [path] of the page; by default `/`
 * @property {Readonly<Record<string, string>>} [headers] of every response, such as a content security policy
 */

/**
 * What a page has said.
 *
 * @typedef {object} Report
 * @property {any} result what the app returned
 * @property {readonly string[]} messages warnings and errors of the console (Chromium and Firefox)
 */

const TIMEOUT_MS = 150_000
/** @type {Readonly<Record<string, string>>} */
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.map': 'application/json',
  '.wasm': 'application/wasm',
}

/**
 * Opens a page and waits for its report.
 *
 * @param {Browser} browser
 * @param {Site} site
 * @param {object} options what the page gets as /hosts.json
 * @returns {Promise<Report>}
 * @throws {Error} with what the page and its console said, if the app failed or did not report
 */
export async function openPage(browser, site, options) {
  return withSite(site, options, async (origin, reported) => {
    const { messages, close } = await OPEN[browser](`${origin}${site.path ?? '/'}`)
    try {
      const { result, error } = await reported.catch((/** @type {Error} */ cause) => ({
        result: undefined,
        error: cause.message,
      }))
      if (error !== undefined) throw new Error([error, ...messages].join('\n'))
      return { result, messages }
    } finally {
      await close()
    }
  })
}

/**
 * Serves a site while something runs.
 *
 * @template T
 * @param {Site} site
 * @param {object} options
 * @param {(origin: string, reported: Promise<any>) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withSite({ folder, headers = {} }, options, use) {
  const { promise: reported, resolve, reject } = withResolvers()
  const server = createServer(async (request, response) => {
    // Extensions call from an origin of their own.
    const all = { 'access-control-allow-origin': '*', 'cache-control': 'no-store', ...headers }
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname)
    if (path === '/favicon.ico') {
      response.writeHead(204, all).end()
    } else if (path === '/report') {
      const body = await text(request)
      response.writeHead(204, all).end()
      if (body !== '') resolve(JSON.parse(body))
    } else if (path === '/hosts.json') {
      response.writeHead(200, { ...all, 'content-type': 'application/json' }).end(JSON.stringify(options))
    } else {
      const file = fileAt(folder, path)
      if (file === undefined) return void response.writeHead(404, all).end()
      const type = TYPES[extname(file)] ?? 'application/octet-stream'
      response.writeHead(200, { ...all, 'content-type': type }).end(readFileSync(file))
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const timer = setTimeout(() => reject(new Error('the page did not report')), TIMEOUT_MS)
  // Nobody may wait for it yet.
  reported.catch(() => undefined)
  try {
    return await use(`http://localhost:${port}`, reported)
  } finally {
    clearTimeout(timer)
    server.close()
    server.closeAllConnections()
  }
}

/** @param {string} folder @param {string} path */
function fileAt(folder, path) {
  const own = join(folder, normalize(path))
  const candidates = [own, join(own, 'index.html'), `${own}.html`]
  return candidates.find((file) => existsSync(file) && statSync(file).isFile())
}

function withResolvers() {
  /** @type {(value: any) => void} */
  let resolve = () => {}
  /** @type {(error: Error) => void} */
  let reject = () => {}
  const promise = new Promise((...both) => ([resolve, reject] = both))
  return { promise, resolve, reject }
}
