// @ts-check
import { readFileSync, writeFileSync } from 'node:fs'

const FILE = new URL('../../docs/bench.md', import.meta.url)
const BEGIN = '<!-- Written by npm run bench -- --docs: from here … -->'
const END = '<!-- … to here. -->'

/**
 * Puts a run into docs/bench.md, between its two marks.
 *
 * @param {object} run
 * @param {string} run.about the machine and the commit
 * @param {readonly { name: string, title: string, text: string, hasChart: boolean }[]} run.sections
 * @param {string} run.targets
 * @param {readonly string[]} run.leftOut
 */
export function writeDocs({ about, sections, targets, leftOut }) {
  const page = readFileSync(FILE, 'utf8')
  const [before, rest] = page.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error('docs/bench.md has lost its marks')
  const parts = sections.flatMap(({ name, title, text, hasChart }) => [
    `## ${title}`,
    ...(hasChart ? [`![${title}](../bench/charts/${name}.svg)`] : []),
    fenced(text),
  ])
  const missing = leftOut.length > 0 ? [`Left out: ${leftOut.join('; ')}.`] : []
  const body = [about, ...missing, '## Targets', fenced(targets), ...parts].join('\n\n')
  writeFileSync(FILE, `${before}${BEGIN}\n\n${body}\n\n${END}${after}`)
}

/** @param {string} text */
const fenced = (text) => `\`\`\`\n${text}\n\`\`\``
