import { fileURLToPath } from 'node:url'
import { ESLint, Linter } from 'eslint'
import tseslint from 'typescript-eslint'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { rules } = (await new ESLint({ cwd: root }).calculateConfigForFile('src/protocol/session/session.ts')) as {
  rules: Linter.RulesRecord
}
const purity = Object.fromEntries(Object.entries(rules).filter(([name]) => name.startsWith('no-restricted-')))

function complaints(code: string): string[] {
  const parser = tseslint.parser as Linter.Parser
  return new Linter()
    .verify(code, { files: ['**/*.ts'], languageOptions: { parser }, rules: purity }, 'src/protocol/a.ts')
    .map(({ ruleId, message }) => ruleId ?? message)
}

test.each([
  'export async function round() {}',
  'export const round = async () => 1',
  'export const started = Date.now()',
  'export const later = () => setTimeout(() => 1, 0)',
  'export const get = () => fetch("/")',
  'export const bytes = () => crypto.getRandomValues(new Uint8Array(1))',
  'export const bytes = () => globalThis.crypto',
  'export const wait = () => new Promise(() => 1)',
  'export const coin = () => Math.random()',
  "export { systemRandom } from '../util/random.ts'",
])('%s is refused', (code) => {
  expect(complaints(code)).toEqual([expect.stringMatching(/^no-restricted-/)])
})

test('a random source that is handed in is not', () => {
  const code = "import type { RandomSource } from '../util/random.ts'\nexport const nonce = (r: RandomSource) => r(32)"
  expect(complaints(code)).toEqual([])
})
