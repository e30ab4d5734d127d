// @ts-check
// Mutation tests: `npm run test:mutation`, or only some groups or files: `npm run test:mutation -- share src/sharing/shamir.ts`.
// What was tried before and has not changed is not tried again; `npm run test:mutation -- --force` forgets it.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { EXPLAINED } from '../test/mutation/explained.mjs'
import { groupOf, GROUPS, patternOf } from '../test/mutation/groups.mjs'
import { startTestPostgres } from './test-postgres.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const FOLDER = 'test/mutation'
const STRYKER = `${FOLDER}/node_modules/@stryker-mutator/core/bin/stryker.js`
const PAGE = 'docs/mutation.md'
const REQUIRED_SCORE = 90

/**
 * @typedef {import('../test/mutation/explained.mjs').Explanation} Explanation
 * @typedef {object} Mutant as in Stryker's report
 * @property {string} mutatorName
 * @property {string} replacement
 * @property {string} status
 * @property {string} [statusReason]
 * @property {{ start: Position, end: Position }} location
 * @typedef {{ line: number, column: number }} Position from 1
 * @typedef {object} Survivor
 * @property {string} file
 * @property {number} line
 * @property {string} source the line
 * @property {string} mutator
 * @property {string} from
 * @property {string} to
 * @property {string} status Survived or NoCoverage
 * @typedef {object} Result
 * @property {number} killed
 * @property {number} timedOut
 * @property {Survivor[]} survivors
 * @property {number} ignored
 * @property {number} invalid
 */

const wanted = process.argv.slice(2).filter((argument) => argument !== '--force')
const runs = chosenRuns(wanted)
install()
build()
if (process.argv.includes('--force')) for (const { group } of runs) rmSync(reportOf(group), { force: true })
for (const run of runs) await mutate(run)
process.exitCode = summarise(runs.map(({ group }) => group)) ? 0 : 1

/** @param {readonly string[]} names @returns {{ group: string, files: string[] }[]} */
function chosenRuns(names) {
  if (names.length === 0) return Object.keys(GROUPS).map((group) => ({ group, files: [] }))
  const chosen = /** @type {Map<string, string[]>} */ (new Map())
  for (const name of names) {
    const group = name in GROUPS ? name : groupOf(name)
    if (group === undefined)
      throw new RangeError(`${name} is no group (${Object.keys(GROUPS).join(', ')}) nor a file of one`)
    const files = chosen.get(group) ?? []
    chosen.set(group, name in GROUPS ? files : [...files, name])
  }
  return [...chosen].map(([group, files]) => ({ group, files }))
}

function install() {
  if (existsSync(STRYKER)) return
  const npm = ['ci', '--prefix', FOLDER, '--ignore-scripts', '--no-audit', '--no-fund']
  const { status } = spawnSync('npm', npm, { stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) process.exit(status ?? 1)
}

function build() {
  const { status } = spawnSync(process.execPath, ['scripts/build.mjs', '--wasm', '--if-stale'], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

/** @param {string} group */
function reportOf(group) {
  return `reports/mutation/${group}.json`
}

/** @param {{ group: string, files: readonly string[] }} run */
async function mutate({ group, files }) {
  console.log(`== ${group}${files.length > 0 ? `: ${files.join(', ')}` : ''}`)
  mkdirSync('reports/mutation', { recursive: true })
  const postgres = GROUPS[group]?.database ? await startTestPostgres() : undefined
  try {
    const narrowed = files.length > 0 ? ['--mutate', files.map(patternOf).join(',')] : []
    const { status } = spawnSync(process.execPath, [STRYKER, 'run', `${FOLDER}/stryker.config.mjs`, ...narrowed], {
      stdio: 'inherit',
      env: {
        ...process.env,
        RESHARE_MUTATION_GROUP: group,
        ...(postgres ? { RESHARE_MUTATION_POSTGRES_URL: postgres.url } : {}),
        // The same inputs for each mutant: one that survives survives again.
        RESHARE_TEST_SEED: process.env['RESHARE_TEST_SEED'] || '6d75746174696f6e',
      },
    })
    if (status !== 0) throw new Error(`Stryker ended with ${status}`)
  } finally {
    await postgres?.stop()
  }
}

/** Prints what the reports say, writes it into the page, and says whether it is enough. @param {string[]} groups */
function summarise(groups) {
  const explanations = new Set(EXPLAINED)
  const rows = groups.map((group) => ({ group, result: readResult(group) }))
  let unexplained = 0
  for (const { result } of rows) {
    for (const survivor of result.survivors) {
      const explanation = EXPLAINED.find((candidate) => explains(candidate, survivor))
      if (explanation !== undefined) explanations.delete(explanation)
      else {
        unexplained++
        console.log(`${survivor.status} ${survivor.file}:${survivor.line} ${survivor.mutator}`)
        console.log(`  ${survivor.source}\n- ${survivor.from}\n+ ${survivor.to}`)
      }
    }
  }
  const stale = [...explanations].filter(({ file }) => groups.some((group) => group === groupOf(file)))
  for (const { file, mutator, from, to } of stale) {
    console.log(`no longer survives, so that its explanation is to be deleted: ${file} ${mutator}: ${from} -> ${to}`)
  }

  const header = ['', 'mutants', 'killed', 'survived', 'of these explained', 'score']
  const lines = rows.map(({ group, result }) => row(group, result))
  const total = row('total', sum(rows.map(({ result }) => result)))
  for (const line of [header, ...lines, total]) console.log(`| ${line.join(' | ')} |`)
  for (const { group, result } of rows) {
    if (result.ignored > 0) console.log(`${group}: ${result.ignored} not tried: the words of an error`)
    if (result.invalid > 0) console.log(`${group}: ${result.invalid} that are no programs`)
  }
  for (const { group, result } of rows) writeSection(group, [header, header.map(() => '---'), row(group, result)])
  console.log(`survivors without an explanation: ${unexplained}; explanations without a survivor: ${stale.length}`)
  return stale.length === 0 && rows.every(({ result }) => scoreOf(result) >= REQUIRED_SCORE)
}

/** @param {string} group @returns {Result} */
function readResult(group) {
  const report = JSON.parse(readFileSync(reportOf(group), 'utf8'))
  const result = /** @type {Result} */ ({ killed: 0, timedOut: 0, survivors: [], ignored: 0, invalid: 0 })
  for (const [file, { source, mutants }] of Object.entries(report.files)) {
    if (!existsSync(file) || groupOf(file) !== group) continue
    for (const mutant of /** @type {Mutant[]} */ (mutants)) {
      if (mutant.status === 'Killed') result.killed++
      else if (mutant.status === 'Timeout') result.timedOut++
      else if (mutant.status === 'Ignored') result.ignored++
      else if (mutant.status === 'Survived' || mutant.status === 'NoCoverage') {
        result.survivors.push(describeSurvivor(file, source, mutant))
      } else result.invalid++
    }
  }
  return result
}

/** @param {string} file @param {string} source @param {Mutant} mutant @returns {Survivor} */
function describeSurvivor(file, source, { mutatorName, replacement, status, location: { start, end } }) {
  const lines = source.split('\n').slice(start.line - 1, end.line)
  const text = lines.map((line, i) =>
    line.slice(i === 0 ? start.column - 1 : 0, i === lines.length - 1 ? end.column - 1 : undefined),
  )
  return {
    file,
    line: start.line,
    source: (lines[0] ?? '').trim(),
    mutator: mutatorName,
    from: inOneLine(text.join('\n')),
    to: inOneLine(replacement),
    status,
  }
}

/** @param {string} text */
function inOneLine(text) {
  return text.replace(/\s+/g, ' ').trim()
}

/** @param {Explanation} explanation @param {Survivor} survivor */
function explains({ file, mutator, from, to, line = '' }, survivor) {
  return (
    file === survivor.file &&
    mutator === survivor.mutator &&
    from === survivor.from &&
    to === survivor.to &&
    survivor.source.includes(line)
  )
}

/** @param {Result} result */
function scoreOf({ killed, timedOut, survivors }) {
  const tried = killed + timedOut + survivors.length
  return tried === 0 ? 100 : (100 * (killed + timedOut)) / tried
}

/** @param {readonly Result[]} results @returns {Result} */
function sum(results) {
  const add = (/** @type {'killed' | 'timedOut' | 'ignored' | 'invalid'} */ what) =>
    results.reduce((total, result) => total + result[what], 0)
  return {
    killed: add('killed'),
    timedOut: add('timedOut'),
    ignored: add('ignored'),
    invalid: add('invalid'),
    survivors: results.flatMap(({ survivors }) => survivors),
  }
}

/** @param {string} name @param {Result} result */
function row(name, result) {
  const { killed, timedOut, survivors } = result
  const explained = survivors.filter((survivor) => EXPLAINED.some((candidate) => explains(candidate, survivor)))
  const counts = [killed + timedOut + survivors.length, killed + timedOut, survivors.length, explained.length]
  return [name, ...counts.map(String), `${(Math.floor(scoreOf(result) * 10) / 10).toFixed(1)} %`]
}

/** Replaces a group's section between its two marks. @param {string} group @param {readonly string[][]} table */
function writeSection(group, table) {
  const page = readFileSync(PAGE, 'utf8')
  const [before, after] = [`<!-- ${group} -->\n`, `<!-- end of ${group} -->`]
  const start = page.indexOf(before)
  const end = page.indexOf(after)
  if (start < 0 || end < start) throw new Error(`${PAGE} has no section for ${group}`)
  const survivors = EXPLAINED.filter(({ file }) => groupOf(file) === group).map(
    ({ file, line, from, to, why }) =>
      `- \`${file}\`${line ? `, in \`${line}\`` : ''}: ${code(from)} as ${code(to)}. ${why}`,
  )
  const lines = [
    ...table.map((cells) => `| ${cells.join(' | ')} |`),
    ...(survivors.length > 0 ? ['', ...survivors] : []),
  ]
  writeFileSync(PAGE, `${page.slice(0, start + before.length)}\n${lines.join('\n')}\n\n${page.slice(end)}`)
}

/** @param {string} text */
function code(text) {
  return text === '' ? 'nothing' : `\`\` ${text} \`\``
}
