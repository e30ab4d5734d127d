// @ts-check
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Builds the package as it was at a commit, in a temporary folder, with the dependencies that are installed here.
 *
 * @param {string} name
 */
export function buildCommit(name) {
  const commit = run('git', ['rev-parse', '--verify', '--end-of-options', `${name}^{commit}`], ROOT).trim()
  const folder = mkdtempSync(join(tmpdir(), 'reshare-upgrade-'))
  const discard = () => rmSync(folder, { recursive: true, force: true })
  try {
    const archive = `${folder}.tar`
    run('git', ['archive', '--output', archive, commit], ROOT)
    run('tar', ['-xf', archive, '-C', folder], ROOT)
    rmSync(archive)
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    run(process.execPath, ['scripts/build.mjs'], folder)
  } catch (error) {
    discard()
    throw error
  }
  return { commit: commit.slice(0, 8), load: pathToFileURL(join(folder, 'load/')), discard }
}

/** @param {string} program @param {readonly string[]} parameters @param {string} cwd */
function run(program, parameters, cwd) {
  const { status, stdout, stderr, error } = spawnSync(program, parameters, { cwd, encoding: 'utf8' })
  if (status === 0) return stdout
  throw new Error(`${program} ${parameters.join(' ')} failed: ${error?.message ?? `${stdout}${stderr}`}`)
}
