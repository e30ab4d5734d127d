// @ts-check
// What one action costs the server's side, with nothing else going on.
import { quantile } from './histogram.mjs'
import { treeUsage } from './proc.mjs'

/** How often each is done. @type {readonly (readonly [action: import('./actions.mjs').Action, count: number])[]} */
const ACTIONS = [
  ['generate', 12],
  ['back up', 12],
  ['sign ed25519', 100],
  ['sign bip340', 100],
  ['sign ecdsa', 100],
  ['sign ecdsa, preprocessed', 50],
  ['recover, keep', 12],
  ['refresh', 12],
  ['recover, retire', 12],
]

/**
 * Per action; milliseconds of processor time, and of the client's waiting.
 *
 * @typedef {{ action: string, requests: number, statements: number, transactions: number, server: number, postgres: number, milliseconds: number }} Cost
 */

/** @param {import('./fleet.mjs').Fleet} fleet @returns {Promise<Cost[]>} */
export async function measureCosts({ servers, drivers, postgres }) {
  const [server] = /** @type {[import('./processes.mjs').Slot]} */ (servers)
  const [driver] = /** @type {[import('./processes.mjs').Slot]} */ (drivers)
  const look = async () => {
    server.noteCpu()
    const { statements, transactions } = await server.call('take')
    return { statements, transactions, server: server.cpuSeconds(), postgres: treeUsage(postgres.pid()).cpuSeconds }
  }
  const costs = []
  for (const [action, count] of ACTIONS) {
    await driver.call('repeat', { action, count: Math.ceil(count / 10) })
    const before = await look()
    const { attempts, counts } = await driver.call('repeat', { action, count })
    const after = await look()
    costs.push({
      action: action === 'generate' ? 'generate, back up, confirm' : action,
      requests: attempts / count,
      statements: after.statements / count,
      transactions: after.transactions / count,
      server: (1000 * (after.server - before.server)) / count,
      postgres: (1000 * (after.postgres - before.postgres)) / count,
      milliseconds: quantile(counts[action].times, 0.5),
    })
  }
  return costs
}
