// @ts-check
import { spawnSync } from 'node:child_process'
import { cpus, loadavg } from 'node:os'

/** What the numbers are of. */
export function machine() {
  const git = (/** @type {string[]} */ ...args) => spawnSync('git', args, { encoding: 'utf8' }).stdout?.trim()
  const changes = git('status', '--porcelain', '--untracked-files=no', '--', 'src', 'assembly')
  return {
    node: process.version,
    processor: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    // Above one a processor, something else was running too.
    load: loadavg()[0] ?? 0,
    commit: `${git('rev-parse', '--short=12', 'HEAD') || 'unknown'}${changes ? ' with changes' : ''}`,
  }
}

/** @param {ReturnType<typeof machine>} machine */
export function describeMachine({ node, processor, load, commit }) {
  return `Node ${node}, ${processor}, load ${load.toFixed(1)}, commit ${commit}`
}
