import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { listen } from '../../support/listen.ts'

/** What a page of the host allows: its own script and WebAssembly, requests, and no other script. */
const CSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src *; style-src 'unsafe-inline'"

/** Serves the page of the iframe, bundled, at an origin of its own. */
export function startFrames() {
  return servePage('remote-frame.ts', { 'content-security-policy': CSP })
}

/** Serves the page of an app that embeds it. */
export function startAppPage() {
  return servePage('app-page.ts', {})
}

async function servePage(file: string, headers: Record<string, string>) {
  const script = await bundle(file)
  return listen((request) => {
    if (new URL(request.url).pathname === '/page.js') {
      return new Response(script, { headers: { 'content-type': 'text/javascript' } })
    }
    return new Response('<!doctype html><title>page</title><body><script type="module" src="/page.js"></script>', {
      headers: { 'content-type': 'text/html', ...headers },
    })
  })
}

async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'error',
  })
  return outputFiles[0]!.text
}
