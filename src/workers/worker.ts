import { parentPort } from 'node:worker_threads'
import { doJob, type Request } from './jobs.ts'
import { buffersIn } from './transfer.ts'

// The program of a pool's thread: one job after the other.

parentPort?.on('message', (request: Request) => {
  const answer = doJob(request)
  parentPort?.postMessage(answer, buffersIn(answer))
})
