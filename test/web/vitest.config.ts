import { defineConfig } from 'vitest/config'
import { selectedEngines } from '../support/browsers/engines.mjs'
import { EngineReporter } from '../support/reporter.ts'

// The demo's pages as a user clicks them. Vitest runs in Node, and drives each browser from there.
export default defineConfig({
  test: {
    reporters: ['default', new EngineReporter('none')],
    projects: selectedEngines()
      .filter((engine) => engine !== 'node')
      .map((engine, index) => ({
        test: {
          name: engine,
          root: import.meta.dirname,
          include: ['*.web.ts'],
          environment: 'node',
          provide: { engine },
          // One browser and one demo at a time: each has servers, chains and a window of its own.
          maxWorkers: 1,
          sequence: { groupOrder: index },
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      })),
  },
})
