import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import type { PageFiles } from './bundle.ts'

/** A page's own server on loopback: an origin of its own. */
export interface PageServer {
  readonly url: string
  close(): void
}

export interface PageOptions {
  /** The file that is served as `/`. */
  readonly entry: string
  readonly files: () => PageFiles
  /** What is served besides files, by path, as JSON. */
  readonly data: Readonly<Record<string, () => unknown>>
  /** The Content-Security-Policy's directives besides those of every page. */
  readonly policy: () => Readonly<Record<string, string>>
}

/** Of every page: its own scripts alone, and no connection, frame or form but those that it says. */
const POLICY = {
  'default-src': "'none'",
  'script-src': "'self' 'wasm-unsafe-eval'",
  'style-src': "'self'",
  'img-src': "'self'",
  'worker-src': "'self'",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
}

/** Serves a page on a free loopback port. It answers to `localhost` alone, which passkeys need as their domain. */
export async function servePage(options: PageOptions): Promise<PageServer> {
  let host = ''
  const handle = (request: Request): Response => {
    const url = new URL(request.url)
    // Another name that resolves to this machine is not this origin: a page of that name would read the session.
    if (request.headers.get('host') !== host) return new Response(null, { status: 421 })
    if (request.method !== 'GET') return new Response(null, { status: 405 })
    const data = Object.hasOwn(options.data, url.pathname) ? options.data[url.pathname] : undefined
    if (data !== undefined) return Response.json(data(), { headers: headersOf(options) })
    const file = options.files().get(url.pathname === '/' ? options.entry : url.pathname)
    if (file === undefined) return new Response(null, { status: 404 })
    const packed = /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '')
    return new Response(new Uint8Array(packed ? file.gzip : file.body), {
      headers: { ...headersOf(options), 'content-type': file.type, ...(packed && { 'content-encoding': 'gzip' }) },
    })
  }
  return new Promise((resolve) => {
    const listener = serve({ fetch: handle, hostname: '127.0.0.1', port: 0 }, ({ port }: AddressInfo) => {
      host = `localhost:${port}`
      resolve({ url: `http://${host}`, close: () => void listener.close() })
    })
  })
}

function headersOf({ policy }: PageOptions): Record<string, string> {
  const directives = Object.entries({ ...POLICY, ...policy() })
  return {
    'content-security-policy': directives.map(([name, value]) => `${name} ${value}`).join('; '),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    vary: 'accept-encoding',
  }
}
