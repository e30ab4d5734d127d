// @ts-check
// The packages as they are published, installed in empty projects: how much is installed, what is said where a package is
// missing, that the server's program runs, and that the types compile with old and new TypeScript. It needs npm's registry.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

/** What an app in a browser may get: packages, with reshare itself, and bytes. */
const BUDGET = { packages: 5, bytes: 6_500_000 }

/** The oldest TypeScript that can read the types, the one that they are written with, and the newest. */
const TYPESCRIPT = ['5.4.5', '6.0.3', '7.0.2']
/** Each way to resolve modules, with the libraries that a program has. */
const SETTINGS = [
  { module: 'esnext', moduleResolution: 'bundler', lib: ['es2022', 'dom', 'dom.iterable'], types: [] },
  { module: 'node16', moduleResolution: 'node16', lib: ['es2022'], types: ['node'] },
  { module: 'nodenext', moduleResolution: 'nodenext', lib: ['es2022'], types: ['node'] },
]
/** Their types are those of a package that an app installs if it uses them. */
const OF_PEERS = ['./viem', './wagmi', './solana', './bitcoin']

const EXPECTED = {
  pglite: 'reshare/server/pglite needs the package @electric-sql/pglite: npm install @electric-sql/pglite',
  postgres: 'reshare/server/postgres needs the package pg: npm install pg',
  server: '500 reshare/server needs the packages hono and valibot: npm install hono valibot',
  custodian: '500 reshare/custodian needs the packages hono and valibot: npm install hono valibot',
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const problems = /** @type {string[]} */ ([])
const folder = mkdtempSync(join(tmpdir(), 'reshare-installed-'))
try {
  const tarball = await pack('.')
  await checkInstalled(await install('app', [tarball]))
  await checkProgram(await install('server', [tarball, await pack('server')]))
  const versions = TYPESCRIPT.map((version) => `typescript-${version}@npm:typescript@${version}`)
  const types = `@types/node@${manifest.devDependencies['@types/node']}`
  await checkTypes(await install('types', [tarball, types, ...versions]))
} finally {
  rmSync(folder, { recursive: true })
}
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1

/** @param {string} path @returns {Promise<string>} the tarball of the package there */
async function pack(path) {
  const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], path)
  const [{ filename, size, unpackedSize }] = JSON.parse(packed)
  console.log(`${filename}: ${kb(size)} packed, ${kb(unpackedSize)} unpacked`)
  return join(folder, filename)
}

/**
 * An empty project with these packages.
 *
 * @param {string} name
 * @param {readonly string[]} packages
 */
async function install(name, packages) {
  const project = join(folder, name)
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }))
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', ...packages], project)
  return project
}

/** @param {string} project */
async function checkInstalled(project) {
  const { packages } = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'))
  const names = Object.keys(packages).filter((path) => path !== '')
  const bytes = bytesIn(join(project, 'node_modules'))
  console.log(`npm install reshare: ${names.length} packages, ${(bytes / 1e6).toFixed(1)} MB`)
  if (names.length > BUDGET.packages) problems.push(`${names.length} packages, above ${BUDGET.packages}: ${names}`)
  if (bytes > BUDGET.bytes) problems.push(`${bytes} bytes, above ${BUDGET.bytes}`)

  cpSync('test/installed/without-packages.mjs', join(project, 'main.mjs'))
  const said = JSON.parse(await run(process.execPath, ['main.mjs'], project))
  for (const [entry, expected] of Object.entries(EXPECTED)) {
    if (said[entry] !== expected) problems.push(`${entry} says "${said[entry]}" and not "${expected}"`)
  }
}

/** Opens the embedded database, and serves until it is stopped. @param {string} project */
async function checkProgram(project) {
  const program = join(project, 'node_modules/.bin/reshare-server')
  const token = await run(program, ['token', 'alice'], project)
  if (!/^\S+\n$/.test(token)) problems.push(`the program printed no token: ${token}`)
  const child = spawn(program, ['--dev-custodian'], { cwd: project, env: { ...process.env, PORT: '0' } })
  const [line] = await Promise.race([once(child.stdout, 'data'), once(child, 'close')])
  child.kill()
  if (!`${line}`.includes('"url":"http://127.0.0.1:')) problems.push(`the program did not serve: ${line}`)
}

/** @param {string} project */
async function checkTypes(project) {
  const entries = Object.keys(manifest.exports).filter((entry) => manifest.exports[entry].types !== undefined)
  const checked = entries.filter((entry) => !OF_PEERS.includes(entry))
  const imports = checked.map((entry, i) => `export * as entry${i} from '${manifest.name}${entry.slice(1)}'\n`)
  writeFileSync(join(project, 'all.ts'), imports.join(''))
  for (const name of ['client.ts', 'server.ts']) cpSync(join('test/installed', name), join(project, name))
  for (const version of TYPESCRIPT) {
    await Promise.all(SETTINGS.map((settings) => compile(project, version, settings)))
  }
}

/**
 * @param {string} project
 * @param {string} version of TypeScript
 * @param {typeof SETTINGS[number]} settings
 */
async function compile(project, version, settings) {
  const { moduleResolution, types } = settings
  const name = `TypeScript ${version}, ${moduleResolution}`
  const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true }
  const compilerOptions = { target: 'es2022', ...settings, ...strict, skipLibCheck: false, noEmit: true }
  const files = ['all.ts', types.length === 0 ? 'client.ts' : 'server.ts']
  const config = `tsconfig.${version}.${moduleResolution}.json`
  writeFileSync(join(project, config), JSON.stringify({ compilerOptions, files }))
  const started = Date.now()
  const compiler = resolve(project, `node_modules/typescript-${version}/bin/tsc`)
  try {
    await run(process.execPath, [compiler, '-p', config, '--pretty', 'false'], project)
    console.log(`${name}: ${((Date.now() - started) / 1000).toFixed(1)} s`)
  } catch (error) {
    problems.push(`${name}: ${error instanceof Error ? error.message : error}`)
  }
}

/**
 * Runs a program.
 *
 * @param {string} program
 * @param {readonly string[]} parameters
 * @param {string} cwd
 * @returns {Promise<string>} its standard output
 */
function run(program, parameters, cwd) {
  return new Promise((done, failed) => {
    const child = spawn(program, parameters, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const [out, errors] = [/** @type {string[]} */ ([]), /** @type {string[]} */ ([])]
    child.stdout.setEncoding('utf8').on('data', (text) => out.push(text))
    child.stderr.setEncoding('utf8').on('data', (text) => errors.push(text))
    child.on('error', failed)
    child.on('close', (code) => {
      if (code === 0) done(out.join(''))
      else failed(new Error(`${program} ${parameters[0]} ended with ${code}\n${out.join('')}${errors.join('')}`))
    })
  })
}

/** @param {string} path @returns {number} of the files below it */
function bytesIn(path) {
  const paths = readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name))
  return paths.map((name) => statSync(name)).reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0)
}

/** @param {number} bytes */
function kb(bytes) {
  return `${(bytes / 1000).toFixed(0)} KB`
}
