import { MpcError } from '../errors.ts'
import { wipe } from '../util/bytes.ts'
import { type Answer, READY, type Request } from './jobs.ts'
import { buffersIn, bytesIn } from './transfer.ts'

/** How long a program may take to say that it is worker.js. */
const START_MS = 30_000

/** What is used of Node's `Worker`, whose types an app in a browser may not have. */
export interface Thread {
  on(event: 'message', listener: (value: unknown) => void): unknown
  on(event: 'error' | 'messageerror', listener: (error: Error) => void): unknown
  on(event: 'exit', listener: (code: number) => void): unknown
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void
  ref(): void
  unref(): void
  terminate(): Promise<unknown>
}

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
   * @throws {WORKER_FAILED} if no thread can be started, or the thread ends before the job does
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
 * @param open starts a thread that runs worker.js
 */
export function startThreads(size: number, open: () => Thread): Threads {
  const idle: Thread[] = []
  const busy = new Map<Thread, Task>()
  const waiting: Task[] = []
  /** Those whose program has said that it is worker.js. No other gets a job: the file may be one of the app's. */
  const ready = new Set<Thread>()
  let allIdle: (() => void) | undefined

  const send = (worker: Thread, { request }: Task): void => {
    worker.postMessage(request, buffersIn(request))
  }

  const start = (): Thread => {
    const worker = open()
    let cause: unknown
    const late = setTimeout(() => void worker.terminate(), START_MS)
    worker.on('message', (value) => {
      const answer = value as Answer | typeof READY
      if (answer === READY) {
        clearTimeout(late)
        ready.add(worker)
        const first = busy.get(worker)
        if (first !== undefined) send(worker, first)
        return
      }
      if (!ready.has(worker)) return void worker.terminate()
      const task = busy.get(worker)
      busy.delete(worker)
      idle.push(worker)
      // A thread without a job does not keep the process alive.
      worker.unref()
      task?.resolve(answer)
      assign()
    })
    // The error of a job is not passed on, since its message may contain anything. The event `exit` follows.
    worker.on('error', (error) => {
      if (!ready.has(worker)) cause = error
    })
    worker.on('messageerror', () => void worker.terminate())
    worker.on('exit', () => {
      clearTimeout(late)
      const task = busy.get(worker)
      busy.delete(worker)
      if (idle.includes(worker)) idle.splice(idle.indexOf(worker), 1)
      if (ready.delete(worker)) task?.reject(new MpcError('WORKER_FAILED', 'the thread of a job has ended'))
      else if (task !== undefined) refuse(task, cause)
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
        if (ready.has(worker)) send(worker, task)
      } catch (cause) {
        refuse(task, cause)
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

/** Ends a task that no thread has got. */
function refuse({ request, reject }: Task, cause: unknown): void {
  wipe(...bytesIn(request))
  const message = 'no thread could be started: is worker.js beside the module that starts it?'
  reject(new MpcError('WORKER_FAILED', message, { cause, retryable: false }))
}
