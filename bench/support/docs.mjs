// @ts-check
import { readFileSync, writeFileSync } from 'node:fs'

const FILE = new URL('../../docs/internals/bench.md', import.meta.url)
const OPERATIONS = new URL('../../docs/operations.md', import.meta.url)

/** @param {string} command */
const marks = (command) => [
  `<!-- Written by ${command}${command.includes(' -- ') ? '' : ' --'} --docs: from here … -->`,
  `<!-- … to here (${command}). -->`,
]

/**
 * Puts a run into docs/internals/bench.md.
 *
 * @param {object} run
 * @param {string} run.about the machine and the commit
 * @param {readonly { name: string, title: string, text: string, hasChart: boolean }[]} run.sections
 * @param {string} run.targets
 * @param {readonly string[]} run.leftOut
 */
export function writeDocs({ about, sections, targets, leftOut }) {
  const missing = leftOut.length > 0 ? [`Left out: ${leftOut.join('; ')}.`] : []
  replace('npm run bench', [about, ...missing, '## Targets', fenced(targets), ...sections.flatMap(partsOf)])
}

/**
 * Puts some groups of a run into the page, each with the machine that it ran on, in the place of what is there of them or after
 * all others.
 *
 * @param {string} about the machine and the commit
 * @param {readonly { name: string, title: string, text: string, hasChart: boolean }[]} sections
 */
export function writeSomeDocs(about, sections) {
  const [begin = '', end = ''] = marks('npm run bench')
  const page = readFileSync(FILE, 'utf8')
  const written = page.slice(page.indexOf(begin) + begin.length, page.indexOf(end)).trim()
  const parts = written.split(/\n\n(?=## )/)
  for (const section of sections) {
    const at = parts.findIndex((part) => part.startsWith(`## ${section.title}\n`))
    const [heading, ...others] = partsOf(section)
    parts.splice(at === -1 ? parts.length : at, at === -1 ? 0 : 1, [heading, about, ...others].join('\n\n'))
  }
  replace('npm run bench', parts)
}

/** @param {{ name: string, title: string, text: string, hasChart: boolean }} section */
function partsOf({ name, title, text, hasChart }) {
  return [`## ${title}`, ...(hasChart ? [`![${title}](../../bench/charts/${name}.svg)`] : []), fenced(text)]
}

/** @param {string} about @param {string} text */
export function writeBrowserDocs(about, text) {
  replace('npm run bench:browsers', [about, fenced(text)])
}

/** The latest load run of a kind. @param {{ about: string, text: string, kind: '' | '--faults' | '--ha' | '--upgrade' | '--shards' | '--size' }} run */
export function writeLoadDocs({ about, text, kind }) {
  replace(kind === '' ? 'npm run load' : `npm run load -- ${kind}`, [about, fenced(text)])
}

/** What many wallets take, into the page for operators. @param {string} about @param {string} text */
export function writeGrowthDocs(about, text) {
  replace('npm run load -- --size', [about, fenced(text)], OPERATIONS)
}

/** Writes between the two marks of a command. @param {string} command @param {readonly string[]} paragraphs @param {URL} [file] */
function replace(command, paragraphs, file = FILE) {
  const page = readFileSync(file, 'utf8')
  const [begin, end] = /** @type {[string, string]} */ (marks(command))
  const from = page.indexOf(begin) + begin.length
  const to = page.indexOf(end)
  if (!page.includes(begin) || to < from) throw new Error(`${file.pathname} has lost its marks for ${command}`)
  writeFileSync(file, `${page.slice(0, from)}\n\n${paragraphs.join('\n\n')}\n\n${page.slice(to)}`)
}

/** @param {string} text */
const fenced = (text) => `\`\`\`\n${text}\n\`\`\``
