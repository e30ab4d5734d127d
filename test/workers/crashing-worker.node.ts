import { parentPort } from 'node:worker_threads'
import type { Request } from '../../src/workers/jobs.ts'

// A worker that ends in the middle of one job, a recombination with the largest threshold.

parentPort?.on('message', ({ name, job }: Request) => {
  if (name === 'recombine' && job.threshold === 8192) process.exit(1)
})
// Its listener comes second.
await import('../../src/workers/worker.ts')
