// Two origins: the app's page, and the wallet that is a frame in it.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const TYPES = { html: 'text/html', css: 'text/css', js: 'text/javascript', json: 'application/json' }

/**
 * Serves the app and the wallet on loopback.
 *
 * @param {object} options
 * @param {string} options.url of the signing server
 * @param {string} options.token of the user
 * @param {number} [options.appPort]
 * @param {number} [options.walletPort]
 */
export async function serve({ url, token, appPort = 0, walletPort = 0 }) {
  const files = { app: {}, wallet: {} }
  const headers = { app: {}, wallet: {} }
  const app = await listen(appPort, 'app')
  const wallet = await listen(walletPort, 'wallet')
  files.app['/config.json'] = JSON.stringify({ walletOrigin: wallet.origin })
  files.wallet['/config.json'] = JSON.stringify({ url, token, appOrigin: app.origin })
  headers.app['content-security-policy'] = policy({ 'frame-src': wallet.origin, 'connect-src': "'self'" })
  headers.wallet['content-security-policy'] = policy({
    'script-src': "'self' 'wasm-unsafe-eval'",
    'connect-src': `'self' ${new URL(url).origin}`,
    // No other page may have the wallet in a frame.
    'frame-ancestors': app.origin,
  })
  return {
    appOrigin: app.origin,
    walletOrigin: wallet.origin,
    close: () => [app, wallet].forEach(({ close }) => close()),
  }

  /** @param {number} port @param {'app' | 'wallet'} site */
  async function listen(port, site) {
    const server = createServer((request, response) => {
      const path = request.url === '/' ? '/index.html' : String(request.url)
      const content = files[site][path] ?? read(site, path)
      if (content === undefined) return void response.writeHead(404).end()
      const type = TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'text/plain'
      response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store', ...headers[site] }).end(content)
    })
    await new Promise((ready) => server.listen(port, '127.0.0.1', () => ready(undefined)))
    // Two ports are two origins of one site, as https://app.example and https://wallet.app.example are.
    return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }
  }
}

/** @param {string} site @param {string} path */
function read(site, path) {
  if (!/^\/[a-z]+\.(html|css|js)$/.test(path)) return undefined
  try {
    return readFileSync(new URL(`${site}${path}`, import.meta.url))
  } catch {
    return undefined
  }
}

/** @param {Record<string, string>} more */
function policy(more) {
  const all = { 'default-src': "'none'", 'script-src': "'self'", 'style-src': "'self'", 'base-uri': "'none'", ...more }
  return Object.entries(all)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ')
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { appOrigin } = await serve({
    url: process.env.SERVER_URL ?? 'http://127.0.0.1:8787',
    token: process.env.TOKEN ?? '',
    appPort: 8001,
    walletPort: 8002,
  })
  process.stdout.write(`${appOrigin}\n`)
}
