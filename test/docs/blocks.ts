import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Every page that a user of the package reads. */
export const PAGES: readonly string[] = [
  'README.md',
  'SECURITY.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

/**
 * A fenced block of a page. What follows the language on its first line says how it is tested:
 *
 *     ```ts needs client, wallet; not run: sends ether
 *
 * `needs` names what the block takes from around it, which `context.ts` gives; a block that cannot run says why. One that
 * needs what this repository does not install is run by a cell of test/hosts, which it names:
 *
 *     ```js host: server-fastify
 */
export interface Block {
  readonly page: string
  /** Of the first line of the code, from 1. */
  readonly line: number
  readonly language: string
  readonly needs: readonly string[]
  readonly notRun: string | undefined
  readonly host?: string | undefined
  /** Without the indentation of the block. */
  readonly code: string
}

const FENCE = /^( *)```(\S*) *(.*)\n((?:(?!^ *```).*\n)*)^ *```$/gm

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8')
}

export function blocksOf(page: string, text: string = readPage(page)): Block[] {
  return [...text.matchAll(FENCE)].map((match) => {
    const [, indent, language, info, body] = match
    const line = text.slice(0, match.index).split('\n').length + 1
    const code = body!.replaceAll(new RegExp(`^${indent!}`, 'gm'), '')
    return { page, line, language: language!, code, ...parseInfo(info!, language!, `${page}:${line - 1}`) }
  })
}

function parseInfo(info: string, language: string, place: string): Pick<Block, 'needs' | 'notRun' | 'host'> {
  let [needs, notRun, host]: [string[], string | undefined, string | undefined] = [[], undefined, undefined]
  // The name of a block of docs/wire.md, which has a test of its own.
  if (language === 'hex' || info === '') return { needs, notRun, host }
  for (const clause of info.split('; ')) {
    const [, word, rest] = /^(needs |not run: |host: )(.+)$/.exec(clause) ?? []
    if (word === 'needs ') needs = rest!.split(', ')
    else if (word === 'not run: ') notRun = rest!
    else if (word === 'host: ') host = rest!
    else throw new Error(`${place}: "${clause}" is none of "needs NAMES", "not run: REASON" and "host: CELL"`)
  }
  return { needs, notRun, host }
}

export function placeOf({ page, line }: Block): string {
  return `${page}:${line}`
}

/** A name for a file of the block. */
export function nameOf({ page, line }: Block): string {
  return `${page.replace(/^docs\/|[.]md$/g, '').replaceAll('/', '-')}-${line}`
}

/** The block as a module: what it needs is imported on its first line, so that lines keep their numbers. */
export function moduleOf({ needs, code }: Block): string {
  const prelude = needs.length === 0 ? '' : `import { ${needs.join(', ')} } from './context.ts'; `
  return `${prelude}${code}export {}\n`
}
