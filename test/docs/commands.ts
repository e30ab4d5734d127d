import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { blocksOf, readPage, ROOT } from './blocks.ts'
import { INSTALLED, manifest } from './public-names.ts'

/** A command of a page, in words; variables that stand before it are apart. */
export interface Command {
  readonly page: string
  readonly variables: readonly string[]
  readonly words: readonly string[]
}

/** What a reader types in anyway, without it being of this package. */
const TOOLS: ReadonlySet<string> = new Set(['node', 'sha256sum', 'docker'])

/** The commands of the `sh` blocks of a page, and those in its text that begin with npm, npx or the program's name. */
export function commandsOf(page: string, text: string = readPage(page)): Command[] {
  const scripts = blocksOf(page, text)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.replaceAll('\\\n', ' ').split('\n'))
  const prose = text.replace(/^ *```(?:.*\n)*? *```$/gm, '')
  const spans = [...prose.matchAll(/`((?:npm|npx|reshare-server) [^`]+)`/g)].map(([, span]) => span!)
  return [...scripts, ...spans]
    .flatMap((line) => line.replace(/#.*$/, '').split('&&'))
    .map((command) => command.match(/(?:'[^']*'|<[^>]*>|[^\s'<])+/g) ?? [])
    .filter((words) => words.length > 0)
    .map((words) => {
      const first = words.findIndex((word) => !/^[A-Z_]+=/.test(word))
      const variables = words.slice(0, first).map((word) => word.split('=')[0]!)
      return { page, variables, words: words.slice(first) }
    })
}

/**
 * What of a command is not there: a script of package.json, an option, a command or a variable of the program.
 *
 * @param usage what `reshare-server --help` prints
 * @returns undefined if all is there
 */
export function problemOf({ page, variables, words }: Command, usage: string): string | undefined {
  const [program, ...rest] = words[0] === 'npx' ? words.slice(1) : words
  const unknown = (what: string) => `${page}: ${words.join(' ')}: there is no ${what}`
  if (program === 'npm') {
    const missing = npmProblem(rest)
    return missing && unknown(missing)
  }
  if (TOOLS.has(program!)) return undefined
  if (program!.endsWith('.sh')) return isPath(program!) ? undefined : unknown(`file ${program}`)
  if (!Object.hasOwn(manifest.bin, program!)) return unknown(`program ${program}`)
  const [command, ...parameters] = withoutRedirection(rest)
  const lines = usage.split('\n').filter((line) => line.startsWith(program!))
  const line = command === undefined ? usage : lines.find((line) => line.split(' ')[1] === command)
  if (line === undefined) return unknown(command!)
  const option = parameters.find((word) => word.startsWith('--') && !line.includes(word))
  const variable = variables.find((name) => !usage.includes(`\n${name} `))
  return (option ?? variable) && unknown((option ?? variable)!)
}

function npmProblem(words: readonly string[]): string | undefined {
  const [command, ...rest] = words
  if (command === 'ci') return undefined
  if (command === 'install') {
    const name = rest.find((word) => !INSTALLED.has(word))
    return name && `package ${name} that an app installs`
  }
  const name = command === 'run' ? rest[0]! : command!
  const script = manifest.scripts[name]
  if (script === undefined) return `script ${name}`
  const parameters = rest.slice(rest.indexOf('--') + 1 || rest.length)
  const sources = parameters.length === 0 ? '' : sourcesOf(script)
  return parameters.find((word) => {
    // What the reader fills in.
    if (/^[A-Z…]+$/.test(word)) return false
    if (word.includes('/')) return !isPath(word.replace(/:[\d-]+$/, ''))
    const option = `'${word}'|(?<![\\w-])'?${word.slice(2)}'?: \\{ type:`
    return !new RegExp(word.startsWith('--') ? option : `'${word}'|(?<![\\w-])${word}:`).test(sources)
  })
}

/** The text of the program of a script, and of what it imports or runs; of one that is put together from a folder, of that. */
function sourcesOf(script: string): string {
  const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
  const built = /build\/(\S+)[.]js$/.exec(script)
  if (built) return read(`${built[1]!}.ts`)
  const path = script.match(/\S+[.]mjs(?!.*[.]mjs)/)![0]
  if (!path.startsWith('scripts/')) return programsBelow(dirname(path)).map(read).join('\n')
  const imported = [...read(path).matchAll(/ from '([.][^']+)'/g)].map(([, name]) => join(dirname(path), name!))
  const cells = [...read(path).matchAll(/^const CELLS = '([^']+)'$/gm)].flatMap(([, folder]) => programsBelow(folder!))
  return [path, ...imported, ...cells].map(read).join('\n')
}

function programsBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((name) => /[.](?:ts|mjs)$/.test(name) && !name.includes('node_modules'))
}

/** The variables of this package that programs read, here and in its scripts and tests. */
export function knownVariables(): Set<string> {
  const programs = ['src', 'scripts', 'test', 'bench'].flatMap(programsBelow)
  const texts = programs
    .filter((name) => !name.startsWith('test/docs/'))
    .map((name) => readFileSync(join(ROOT, name), 'utf8'))
  return new Set(texts.flatMap(variablesIn))
}

export function variablesIn(text: string): string[] {
  return text.match(/RESHARE_[A-Z_]+/g) ?? []
}

/** Whether there is a file or folder whose path begins so: tests are named by the beginning of theirs. */
function isPath(path: string): boolean {
  const folder = join(ROOT, dirname(path))
  return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(basename(path)))
}

function withoutRedirection(words: readonly string[]): readonly string[] {
  const at = words.indexOf('>')
  return at === -1 ? words : words.slice(0, at)
}
