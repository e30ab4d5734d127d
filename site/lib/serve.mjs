// @ts-check
// The built site on a loopback port, with the headers that a careful host sends.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { POLICY } from './finish.mjs'

/** @type {Record<string, string>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}

/**
 * @param {string} folder
 * @param {string} base
 * @param {number} port 0 for any
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export async function serveSite(folder, base, port) {
  const server = createServer((request, response) => {
    const path = pathOf(request.url ?? '/')
    const file = path.startsWith(base) ? fileOf(folder, path.slice(base.length)) : undefined
    const sent = file ?? join(folder, '404.html')
    response.writeHead(file === undefined ? 404 : 200, {
      'content-type': TYPES[extname(sent)] ?? 'application/octet-stream',
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
    })
    response.end(readFileSync(sent))
  })
  await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)))
  const address = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    url: `http://127.0.0.1:${address.port}${base}`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** @param {string} address of a request @returns {string} empty if it cannot be read */
function pathOf(address) {
  try {
    return decodeURIComponent(new URL(address, 'http://site.invalid').pathname)
  } catch {
    return ''
  }
}

/** @param {string} folder @param {string} path */
function fileOf(folder, path) {
  const file = join(folder, normalize(`/${path}`))
  const candidates = [file, `${file}.html`, join(file, 'index.html')]
  return candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile())
}
