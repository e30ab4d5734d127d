// @ts-check
// Mutation tests: `npm run test:mutation`, or only some groups or files: `npm run test:mutation -- share src/secret-sharing/shamir.ts`.
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
const PAGE = 'docs/internals/mutation.md'
const REQUIRED_SCORE = 90
const HEADER = ['', 'mutants', 'killed', 'survived', 'timed out', 'not run', 'explained', 'score']
const UNDETECTED = new Set(['Survived', 'NoCoverage', 'Timeout'])

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
 * @property {string} status Survived, NoCoverage, or Timeout where the clock cut it off
 * @typedef {object} Result
 * @property {number} killed
 * @property {Survivor[]} survivors those that the clock cut off, too
 * @property {number} notRun of a run that was ended before them
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
    const group = name in GROUPS ? name : groupOf(name.replace(/:.*/, ''))
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
  forgetTimeouts(group)
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
  const rows = groups.flatMap((group) => [...readResults(group)].map(([file, result]) => ({ group, file, result })))
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
  const stale = [...explanations].filter((explanation) => rows.some(({ file }) => file === explanation.file))
  for (const { file, mutator, from, to } of stale) {
    console.log(`no longer survives, so that its explanation is to be deleted: ${file} ${mutator}: ${from} -> ${to}`)
  }

  const folders = [...new Set(rows.map(({ file }) => folderOf(file)))].map((folder) => {
    return {
      name: folder,
      result: sum(rows.filter(({ file }) => folderOf(file) === folder).map(({ result }) => result)),
    }
  })
  const table = [
    ...rows.map(({ file, result }) => row(file, result)),
    ...folders.map(({ name, result }) => row(name, result)),
  ]
  for (const line of [HEADER, ...table]) console.log(`| ${line.join(' | ')} |`)
  const all = sum(rows.map(({ result }) => result))
  console.log(`${all.ignored} not tried, the words of an error; ${all.invalid} that are no programs`)
  for (const group of groups) {
    writeSection(
      group,
      rows.filter((candidate) => candidate.group === group).map(({ file, result }) => row(file, result)),
    )
  }
  console.log(`survivors without an explanation: ${unexplained}; explanations without a survivor: ${stale.length}`)
  return stale.length === 0 && folders.every(({ result }) => scoreOf(result) >= REQUIRED_SCORE)
}

/** The results of each file of a group that has been tried. @param {string} group @returns {Map<string, Result>} */
function readResults(group) {
  const report = JSON.parse(readFileSync(reportOf(group), 'utf8'))
  const results = /** @type {Map<string, Result>} */ (new Map())
  for (const file of Object.keys(report.files).sort()) {
    const { source, mutants } = report.files[file]
    if (!existsSync(file) || groupOf(file) !== group) continue
    const result = /** @type {Result} */ ({ killed: 0, survivors: [], notRun: 0, ignored: 0, invalid: 0 })
    for (const mutant of /** @type {Mutant[]} */ (mutants)) {
      if (mutant.status === 'Killed' || isEndless(mutant)) result.killed++
      else if (UNDETECTED.has(mutant.status)) result.survivors.push(describeSurvivor(file, source, mutant))
      else if (mutant.status === 'Pending') result.notRun++
      else if (mutant.status === 'Ignored') result.ignored++
      else result.invalid++
    }
    if (result.killed + result.survivors.length + result.notRun > 0) results.set(file, result)
  }
  return results
}

/** `src/client` of what is in it. @param {string} file */
function folderOf(file) {
  return file.split('/').slice(0, 2).join('/')
}

/** A time-out because a loop has been counted, not because the machine was busy. @param {Mutant} mutant */
function isEndless({ status, statusReason = '' }) {
  return status === 'Timeout' && statusReason.startsWith('Hit limit')
}

/** Has what was cut off by the clock tried again. @param {string} group */
function forgetTimeouts(group) {
  if (!existsSync(reportOf(group))) return
  const report = JSON.parse(readFileSync(reportOf(group), 'utf8'))
  for (const file of /** @type {{ mutants: Mutant[] }[]} */ (Object.values(report.files))) {
    file.mutants = file.mutants.filter((mutant) => mutant.status !== 'Timeout' || isEndless(mutant))
  }
  writeFileSync(reportOf(group), JSON.stringify(report))
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
function scoreOf({ killed, survivors }) {
  const tried = killed + survivors.length
  return tried === 0 ? 100 : (100 * killed) / tried
}

/** @param {readonly Result[]} results @returns {Result} */
function sum(results) {
  const add = (/** @type {'killed' | 'notRun' | 'ignored' | 'invalid'} */ what) =>
    results.reduce((total, result) => total + result[what], 0)
  return {
    killed: add('killed'),
    notRun: add('notRun'),
    ignored: add('ignored'),
    invalid: add('invalid'),
    survivors: results.flatMap(({ survivors }) => survivors),
  }
}

/** @param {string} name @param {Result} result */
function row(name, result) {
  const { killed, survivors, notRun } = result
  const timedOut = survivors.filter(({ status }) => status === 'Timeout').length
  const explained = survivors.filter((survivor) => EXPLAINED.some((candidate) => explains(candidate, survivor)))
  const undetected = [survivors.length - timedOut, timedOut, notRun, explained.length]
  const counts = [killed + survivors.length + notRun, killed, ...undetected]
  const score = killed + survivors.length === 0 ? '' : `${(Math.floor(scoreOf(result) * 10) / 10).toFixed(1)} %`
  return [name, ...counts.map(String), score]
}

/** Replaces a group's section between its two marks. @param {string} group @param {readonly string[][]} rows */
function writeSection(group, rows) {
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
    ...[HEADER, HEADER.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`),
    ...(survivors.length > 0 ? ['', ...survivors] : []),
  ]
  writeFileSync(PAGE, `${page.slice(0, start + before.length)}\n${lines.join('\n')}\n\n${page.slice(end)}`)
}

/** @param {string} text */
function code(text) {
  return text === '' ? 'nothing' : `\`\` ${text} \`\``
}
