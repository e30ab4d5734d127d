// Writes the page with its script in it as a module that Metro bundles.
import { readFileSync, writeFileSync } from 'node:fs'

const script = readFileSync(new URL('wallet.generated.js', import.meta.url), 'utf8').replaceAll(
  '</script',
  '<\\/script',
)
const policy = "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; connect-src https:"
const page = `<!doctype html><meta charset="utf-8"><meta http-equiv="content-security-policy" content="${policy}"><script>${script}</script>`
writeFileSync(new URL('wallet.generated.ts', import.meta.url), `export const walletPage = ${JSON.stringify(page)}\n`)
