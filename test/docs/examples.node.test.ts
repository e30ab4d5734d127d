import { expect, test } from 'vitest'
import { examples, examplesOf } from './examples.ts'
import { typeErrors } from './types.ts'

const MISTAKEN = `
/**
 * Signs.
 *
 * @example
 * const { signature } = await sign(client, { walletId: 5 })
 */
export function sign(): void {}
`

test('every example of a docstring has the types of the package', { timeout: 300_000 }, () => {
  const found = examples()
  expect(found.length).toBeGreaterThan(30)
  expect(typeErrors(found)).toEqual([])
})

test('an example is found by its line, and what is wrong with it too', { timeout: 300_000 }, () => {
  const [found, ...others] = examplesOf('src/sign.ts', MISTAKEN)
  expect(others).toEqual([])
  expect(found).toMatchObject({ line: 6, code: 'const { signature } = await sign(client, { walletId: 5 })\n' })
  expect(typeErrors([found!])).toEqual([
    "src/sign.ts:6: Cannot find name 'sign'.",
    "src/sign.ts:6: Cannot find name 'client'.",
  ])
})
