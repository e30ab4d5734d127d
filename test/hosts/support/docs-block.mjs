// @ts-check
// Code of docs/runtimes.md that a cell runs: ```js host: NAME
import { readFileSync } from 'node:fs'

/** @param {string} name of the cell @returns {string} the code */
export function blockOf(name) {
  const page = readFileSync('docs/runtimes.md', 'utf8')
  const code = new RegExp(`^\`\`\`js host: ${name}\\n(.*?)^\`\`\``, 'ms').exec(page)?.[1]
  if (code === undefined) throw new Error(`docs/runtimes.md has no code of ${name}`)
  return code
}
