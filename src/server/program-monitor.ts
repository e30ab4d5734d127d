import type { Server, ServerOptions } from './create-server.ts'
import type { Database } from '../service/database/types.ts'
import { createMetrics } from './metrics/create-metrics.ts'
import { createMonitor, type Monitor } from './metrics/monitor.ts'
import { given, givenNumber } from './program-env.ts'

/** The operators' view of the program, on a port of its own. */
export interface ProgramMonitor {
  readonly hostname: string
  readonly port: number
  /** The options of the server that it observes. */
  readonly options: Pick<ServerOptions, 'onMetric'>
  /** Makes the handler for the server that was made with the options. */
  readonly open: (server: Server) => Monitor
}

/** Reads the variables of the monitor; undefined if it is off. */
export function readMonitor(defaultHost: string): ((database: Database) => ProgramMonitor) | undefined {
  const isOn = given('RESHARE_MONITOR_PORT') !== undefined
  const [hostname, metricsToken] = [given('RESHARE_MONITOR_HOST'), given('RESHARE_METRICS_TOKEN')]
  if (!isOn) {
    if (hostname === undefined && metricsToken === undefined) return undefined
    throw new Error('RESHARE_MONITOR_HOST and RESHARE_METRICS_TOKEN need RESHARE_MONITOR_PORT')
  }
  const port = givenNumber('RESHARE_MONITOR_PORT', 0, [0, 65535])
  // Mistakes in the token are found before the database is opened.
  if (metricsToken !== undefined) requireToken(metricsToken)
  return (database) => {
    const metrics = metricsToken === undefined ? undefined : createMetrics({ database })
    return {
      hostname: hostname ?? defaultHost,
      port,
      options: metrics === undefined ? {} : { onMetric: metrics.onMetric },
      open: (server) =>
        createMonitor({
          server,
          ...(metrics !== undefined && metricsToken !== undefined && { metrics, metricsToken }),
        }),
    }
  }
}

function requireToken(metricsToken: string): void {
  const server = { ready: () => Promise.reject(new Error('not open yet')) }
  createMonitor({ server, metrics: { expose: async () => '' }, metricsToken })
}
