import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parseTestArguments } from '../../scripts/test-arguments.mjs'
import { consents } from '../../scripts/test-engines.mjs'
import { packagesOf } from '../support/browsers/dependencies.mjs'
import {
  allTestFiles,
  BY_ENGINE,
  filesOf,
  LATER,
  LONGEST,
  OWN_PROCESS,
  QUICK_ALL_THE_SAME,
  SLOW,
  tierOf,
} from '../support/tiers.mjs'

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')

describe('the tiers', () => {
  test('usual and rest are all, with nothing twice; in one browser at least', () => {
    expect([...filesOf('usual', 'node'), ...filesOf('rest', 'node')].toSorted()).toEqual(filesOf('all', 'node'))
    const inOne = [...filesOf('rest', 'firefox'), ...filesOf('rest', 'webkit')]
    expect([...filesOf('usual', 'webkit'), ...inOne].toSorted()).toEqual(filesOf('all', 'webkit'))
    expect(filesOf('rest', 'chromium')).toEqual([])
  })

  test('every browser has the same files of usual and of all, and a fair part of the rest', () => {
    for (const tier of ['usual', 'all'] as const) {
      expect(filesOf(tier, 'firefox')).toEqual(filesOf(tier, 'chromium'))
      expect(filesOf(tier, 'webkit')).toEqual(filesOf(tier, 'chromium'))
    }
    const [firefox, webkit] = [filesOf('rest', 'firefox').length, filesOf('rest', 'webkit').length]
    expect(Math.min(firefox, webkit) / (firefox + webkit)).toBeGreaterThan(0.3)
  })

  test('what a browser needs of packages is known before its tests run, through whichever file it comes', async () => {
    const found = await packagesOf(['test/adapters/wagmi/connector.test.ts'])
    // Through wagmi.mjs, and through the adapter's sources.
    expect(found).toEqual(expect.arrayContaining(['@wagmi/core', 'viem', '@noble/curves/secp256k1.js']))
    expect(found.filter((name) => name.startsWith('vitest'))).toEqual([])
  })

  test('all has every file, and each where it can run', () => {
    const node = filesOf('all', 'node')
    const browser = filesOf('all', 'firefox')
    expect([...new Set([...node, ...browser])].toSorted()).toEqual(allTestFiles())
    expect(node.some((path) => path.includes('.browser.'))).toBe(false)
    expect(browser.some((path) => path.includes('.node.'))).toBe(false)
  })

  test('usual has most in Node, all that is quick in it, and part of it in browsers', () => {
    const usual = filesOf('usual', 'node')
    expect(usual.length).toBeGreaterThan(9 * filesOf('rest', 'node').length)
    expect(filesOf('quick', 'node').filter((path) => !usual.includes(path))).toEqual([])
    expect(filesOf('usual', 'firefox').length).toBeLessThan(filesOf('all', 'firefox').length / 2)
    expect(filesOf('usual', 'firefox').filter((path) => path.startsWith('test/browser/'))).not.toEqual([])
  })

  test('quick is Node alone, without what is slow but for what is named', () => {
    const files = ['test/curve/a.test.ts', 'test/crash/b.node.test.ts', ...QUICK_ALL_THE_SAME]
    expect(filesOf('quick', 'firefox')).toEqual([])
    expect(filesOf('quick', 'node', files)).toEqual(['test/curve/a.test.ts', ...QUICK_ALL_THE_SAME])
  })

  test('no list names what is not there', () => {
    const files = allTestFiles()
    const beginnings = [
      ...[SLOW, LATER, BY_ENGINE, OWN_PROCESS].flatMap(Object.keys),
      ...QUICK_ALL_THE_SAME,
      ...LONGEST,
    ]
    expect(beginnings.filter((beginning) => !files.some((path) => path.startsWith(beginning)))).toEqual([])
    const slow = Object.keys(SLOW)
    expect(QUICK_ALL_THE_SAME.filter((path) => !slow.some((beginning) => path.startsWith(beginning)))).toEqual([])
  })

  test('a name of none is refused; a run that names no tier has every file', () => {
    expect(tierOf()).toBe('all')
    expect(() => tierOf('slow')).toThrow('no tier "slow"')
  })
})

test('.ci/run runs the usual tier and the rest once each, and every check by no list of its own', () => {
  const steps = [...read('.ci/run').matchAll(/^step '.*' (npm (?:test|run).*)$/gm)].map(([, command]) => command)
  expect(steps).toEqual([
    'npm test',
    'npm run test:rest',
    'npm run test:hosts',
    'npm run demo -- --web --check',
    'npm run test:web',
    'npm run site -- --base /reshare/ --check',
    'npm run check -- --without tests',
  ])
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  expect(scripts).toMatchObject({
    test: 'node scripts/test.mjs',
    'test:quick': 'node scripts/test.mjs --tier quick',
    'test:rest': 'node scripts/test.mjs --tier rest',
    'test:all': 'node scripts/test.mjs --tier all',
  })
  expect(existsSync('scripts/test.mjs')).toBe(true)
})

test('arguments: the tier and --yes are of the script, all else is for vitest', () => {
  expect(parseTestArguments([])).toEqual({ tier: 'usual', yes: false, rest: [] })
  const args = ['--tier', 'quick', 'test/curve', '--yes', '-t', 'adds']
  expect(parseTestArguments(args)).toEqual({ tier: 'quick', yes: true, rest: ['test/curve', '-t', 'adds'] })
  expect(parseTestArguments(['test/server/bin'])).toEqual({ tier: 'all', yes: false, rest: ['test/server/bin'] })
  expect(() => parseTestArguments(['--tier'])).toThrow('no tier')
})

describe('before something is installed', () => {
  const never = () => Promise.reject(new Error('asked'))
  const answer = (text: string) => () => Promise.resolve(text)

  test('--yes and CI need no answer', async () => {
    expect(await consents('?', { yes: true, terminal: false, ask: never })).toBe(true)
  })

  test('without a terminal the answer is no', async () => {
    expect(await consents('?', { yes: false, terminal: false, ask: never })).toBe(false)
  })

  test.each([
    ['y', true],
    ['Yes', true],
    ['', false],
    ['n', false],
    ['yesterday', false],
  ])('on a terminal %j is %s', async (text, expected) => {
    expect(await consents('?', { yes: false, terminal: true, ask: answer(text) })).toBe(expected)
  })
})
