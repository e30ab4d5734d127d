import { server as browser } from 'vitest/browser'
import { describe, expect, inject, test } from 'vitest'
import { httpTransport } from '../../src/transport/index.ts'
import { METHOD_KINDS } from '../support/cross-runtime/methods.ts'
import { side, type Keys, type SealedElsewhere } from '../support/cross-runtime/sides.ts'

const { url, tokens, cloudUrl, nodeUrl } = inject('server')
const authorization = `Bearer ${tokens[`${browser.browser} cross`]}`
const here = side(httpTransport(url, { headers: { authorization } }), { cloudUrl, account: authorization })

/** Asks the program of Node beside the browsers. */
async function inNode(path: 'seal' | 'open', body: unknown): Promise<unknown> {
  const init = { method: 'POST', headers: { authorization }, body: JSON.stringify(body) }
  const response = await fetch(`${nodeUrl}/${path}`, init)
  if (!response.ok) throw new Error(await response.text())
  return response.json()
}

describe.each(METHOD_KINDS)('a backup by %s', (kind) => {
  test('that this browser has sealed is recovered in Node', async () => {
    const { keys, ...sealed } = await here.seal(kind)
    expect(await inNode('open', sealed)).toEqual(keys)
  })

  test('that Node has sealed is recovered in this browser', async () => {
    const { keys, ...sealed } = (await inNode('seal', kind)) as SealedElsewhere & { readonly keys: Keys }
    expect(await here.open(sealed)).toEqual(keys)
  })
})
