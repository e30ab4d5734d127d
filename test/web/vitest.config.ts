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
          // A file is a browser and a demo of its own, with servers and chains. Two do not wait for the same things at once.
          maxWorkers: 2,
          sequence: { groupOrder: index },
          testTimeout: 300_000,
          // Starting servers, chains and a browser takes minutes on a busy machine.
          hookTimeout: 300_000,
        },
      })),
  },
})
