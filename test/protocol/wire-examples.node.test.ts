import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { portableGroup } from '../../src/curve/portable.ts'
import { toHex } from '../../src/util/bytes.ts'
import { exampleRun } from '../support/example.ts'

const document = readFileSync(new URL('../../docs/wire.md', import.meta.url), 'utf8')

/** The blocks that open with three backticks, `hex` and a name; the rest of a line after # is a remark. */
const blocks = [...document.matchAll(/^```hex (\S+)\n([^`]*)^```$/gm)].map(([, name, text]) => ({
  name: name as string,
  hex: (text as string).replace(/#.*$/gm, '').replace(/\s/g, ''),
}))

const example = exampleRun(portableGroup('ed25519'))

describe('docs/wire.md', () => {
  test.each(blocks.filter(({ name }) => name in example))('$name', ({ name, hex }) => {
    expect(hex).toBe(toHex(example[name] as Uint8Array))
  })

  test('shows each kind of message and record', () => {
    const kind = (name: string) => name.replace(/-(client|server)$/, '')
    const shown = new Set(blocks.map(({ name }) => kind(name)))
    expect([...new Set(Object.keys(example).map(kind))].filter((name) => !shown.has(name))).toEqual([])
  })
})
