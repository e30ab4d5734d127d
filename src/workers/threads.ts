import { Worker } from 'node:worker_threads'
import { MpcError } from '../errors.ts'
import { wipe } from '../util/bytes.ts'
import type { Answer, Request } from './jobs.ts'
import { buffersIn, bytesIn } from './transfer.ts'

interface Task {
  readonly request: Request
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

/** Threads that run one job at a time each. Further jobs wait. */
export interface Threads {
  /**
   * Runs a job. The bytes of the request are transferred to a thread, or wiped if no thread gets them.
   *
   * @throws {WORKER_FAILED} if the thread ends before the job does
   * @throws {ABORTED} if the threads are closed before it begins
   */
  run(request: Request): Promise<Answer>
  /** Rejects waiting jobs, waits for running jobs, and ends the threads. Run no job after that. */
  close(): Promise<void>
}

/**
 * Creates threads. A thread is started when there is a job for it.
 *
 * @param size maximum number of threads
 * @param program the URL of worker.js, which they run
 */
export function startThreads(size: number, program: URL): Threads {
  const idle: Worker[] = []
  const busy = new Map<Worker, Task>()
  const waiting: Task[] = []
  let allIdle: (() => void) | undefined

  const start = (): Worker => {
    const worker = new Worker(program)
    worker.on('message', (answer: Answer) => {
      const task = busy.get(worker)
      busy.delete(worker)
      idle.push(worker)
      // A thread without a job does not keep the process alive.
      worker.unref()
      task?.resolve(answer)
      assign()
    })
    // The error is not passed on, since its message may contain anything. The event `exit` follows.
    worker.on('error', () => undefined)
    worker.on('messageerror', () => void worker.terminate())
    worker.on('exit', () => {
      const task = busy.get(worker)
      busy.delete(worker)
      if (idle.includes(worker)) idle.splice(idle.indexOf(worker), 1)
      task?.reject(new MpcError('WORKER_FAILED', 'the thread of a job has ended'))
      assign()
    })
    return worker
  }

  const assign = (): void => {
    while (waiting.length > 0 && busy.size < size) {
      const task = waiting.shift() as Task
      try {
        const worker = idle.pop() ?? start()
        busy.set(worker, task)
        worker.ref()
        worker.postMessage(task.request, buffersIn(task.request))
      } catch (cause) {
        wipe(...bytesIn(task.request))
        task.reject(new MpcError('WORKER_FAILED', 'no thread could be started', { cause }))
      }
    }
    if (busy.size === 0) allIdle?.()
  }

  return {
    run: (request) =>
      new Promise((resolve, reject) => {
        waiting.push({ request, resolve, reject })
        assign()
      }),

    async close() {
      for (const { request, reject } of waiting.splice(0)) {
        wipe(...bytesIn(request))
        reject(new MpcError('ABORTED', 'the pool was closed before the job began'))
      }
      // Waits for running jobs: a thread that is terminated during a job cannot wipe its secrets.
      if (busy.size > 0) await new Promise<void>((resolve) => (allIdle = resolve))
      await Promise.all(idle.splice(0).map((worker) => worker.terminate()))
    },
  }
}
