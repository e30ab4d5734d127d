import { parentPort } from 'node:worker_threads'
import { doJob, READY, type Request } from './jobs.ts'
import { buffersIn } from './transfer.ts'

// The program of a pool's thread. It runs one job at a time.

parentPort?.on('message', (request: Request) => {
  const answer = doJob(request)
  parentPort?.postMessage(answer, buffersIn(answer))
})
parentPort?.postMessage(READY)
