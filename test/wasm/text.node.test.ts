import { readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { toHex } from '../../src/util/bytes.ts'
import { TEXT } from '../../src/wasm/generated.ts'
import { wasmBytes } from '../../src/wasm/text.ts'

describe('the text of the module', () => {
  test('stands for every byte of the module that was built', () => {
    expect(toHex(wasmBytes())).toBe(readFileSync('build/core.wasm').toString('hex'))
  })

  test('is read with an encoder that has `encode` alone, as polyfills do', () => {
    const encoder = new TextEncoder()
    vi.stubGlobal('TextEncoder', function () {
      return { encode: (text: string) => encoder.encode(text) }
    })
    const read = wasmBytes()
    vi.unstubAllGlobals()
    expect(toHex(read)).toBe(readFileSync('build/core.wasm').toString('hex'))
  })

  test('needs no escape in JavaScript, in any quotes, nor in a script element of HTML', () => {
    expect(TEXT).toMatch(/^[ -~]+$/)
    expect(TEXT).not.toMatch(/['"`\\$<]/)
  })
})
