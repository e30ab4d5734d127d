// @ts-check
// webpack and Rspack take the same configuration.
import { builtBy, pageWith } from './built.mjs'

/** Prints nothing but errors and warnings. @param {string} from an import */
const script = (from) => `${from}
import { cpSync } from 'node:fs'

bundler({ mode: 'production', entry: './story/page.mjs', output: { filename: 'page.js' } }, (error, stats) => {
  if (error) throw error
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true })
  for (const { message, moduleName = '' } of [...errors, ...warnings]) console.log(moduleName, message)
  process.exitCode = errors.length === 0 ? 0 : 1
})
cpSync('index.html', 'dist/index.html')
`

/** @param {string} name @param {string} tool its package @param {string} from the import of the function \`bundler\` */
export function webpackCell(name, tool, from) {
  return builtBy({
    name,
    package: tool,
    files: { 'index.html': pageWith('/page.js'), 'build.mjs': script(from) },
    build: (program) => program('./build.mjs'),
  })
}
