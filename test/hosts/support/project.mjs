// @ts-check
// The project that the cells run in: the packages as they are published, and what test/hosts/package-lock.json has.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './programs.mjs'

/** Nothing of it asks a registry for what the cache of npm has. */
const QUIET = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts']
const INSTALL_MS = 600_000

/**
 * Makes the project, outside of the repository, whose modules no import may find. A folder that is given is kept, and its
 * packages are installed once for each lock file.
 *
 * @param {string} [kept]
 * @returns {Promise<{ folder: string, remove: () => void }>}
 */
export async function makeProject(kept) {
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'reshare-hosts-'))
  mkdirSync(folder, { recursive: true })
  try {
    await install(folder)
  } catch (error) {
    if (kept === undefined) rmSync(folder, { recursive: true })
    throw new Error('the packages of test/hosts could not be installed; they come from the registry or npm’s cache', {
      cause: error,
    })
  }
  cpSync('test/hosts/story', join(folder, 'story'), { recursive: true })
  return { folder, remove: () => kept === undefined && rmSync(folder, { recursive: true }) }
}

/** @param {string} folder */
async function install(folder) {
  const tarballs = [await pack('.', folder), await pack('server', folder)]
  const wanted = ['test/hosts/package-lock.json', 'package.json', 'server/package.json']
  const lock = wanted.map((path) => readFileSync(path, 'utf8')).join('')
  const installed = join(folder, 'node_modules/installed.txt')
  if (existsSync(installed) && readFileSync(installed, 'utf8') === lock) return unpack(tarballs, folder)
  for (const name of ['package.json', 'package-lock.json']) cpSync(join('test/hosts', name), join(folder, name))
  // One command for both: what the lock file has is installed as it says.
  await run('npm', ['install', '--no-save', ...QUIET, ...tarballs], { cwd: folder, timeoutMs: INSTALL_MS })
  writeFileSync(installed, lock)
}

/** In a folder that is kept, where nothing but the files of the packages can be other ones. @param {readonly string[]} tarballs @param {string} folder */
async function unpack(tarballs, folder) {
  for (const [i, name] of ['reshare', 'reshare-server'].entries()) {
    const target = join(folder, 'node_modules', name)
    rmSync(target, { recursive: true })
    mkdirSync(target)
    await run('tar', ['-xzf', /** @type {string} */ (tarballs[i]), '--strip-components=1', '-C', target])
  }
}

/** @param {string} path @param {string} folder @returns {Promise<string>} the tarball of the package there */
async function pack(path, folder) {
  const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], { cwd: path })
  const [{ filename }] = JSON.parse(packed)
  return join(folder, filename)
}
