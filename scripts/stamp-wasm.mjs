// @ts-check
// The module as a file says in a custom section which bytes it has, since a compiled module no longer shows them:
// reshare/module compares it with the package's own.
import { createHash } from 'node:crypto'

const NAME = Buffer.from('reshare')

/** SHA-256 of a module. @param {Uint8Array} wasm @returns {string} 64 hex digits */
export function stampOf(wasm) {
  return createHash('sha256').update(wasm).digest('hex')
}

/** A module with its stamp as the last section. @param {Uint8Array} wasm @returns {Buffer<ArrayBuffer>} */
export function stampWasm(wasm) {
  const content = Buffer.concat([Buffer.from([NAME.length]), NAME, Buffer.from(stampOf(wasm), 'hex')])
  return Buffer.concat([wasm, Buffer.from([0, content.length]), content])
}
