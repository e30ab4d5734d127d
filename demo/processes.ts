import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Progress } from 'reshare'
import type { CommandName, DeviceCommands, DeviceMessage } from './commands.ts'

/** A device refused a command. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: string

  constructor(code: string, message: string) {
    super(`${code}: ${message}`)
    this.code = code
  }
}

/** A device in a process of its own. */
export interface Device {
  readonly name: string
  /** @throws {Refused} if it fails there */
  call<Name extends CommandName>(
    name: Name,
    parameters: DeviceCommands[Name]['parameters'],
    onProgress?: (progress: Progress) => void,
  ): Promise<DeviceCommands[Name]['answer']>
}

/** The processes that the demo has started, to be ended with it. */
export interface Processes {
  /** Starts a program of the demo and gives what it says when it is ready. */
  startServer<Ready>(program: string, environment: Record<string, string>): Promise<Ready>
  startDevice(name: string, environment: Record<string, string>): Promise<Device>
  stop(): Promise<void>
}

export function createProcesses(): Processes {
  const children: ChildProcess[] = []
  let isStopped = false

  const start = async (program: string, environment: Record<string, string>) => {
    if (isStopped) throw new Error(`the demo has ended before ${program} started`)
    const child = fork(fileURLToPath(new URL(`./${program}.js`, import.meta.url)), {
      env: { PATH: process.env['PATH'], ...environment },
      serialization: 'advanced',
      // Whatever a child has to say besides its messages is for the terminal, not for the JSON.
      stdio: ['ignore', 2, 2, 'ipc'],
    })
    children.push(child)
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`${program} ended with ${code} before it was ready`)
    })
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [{ ready: unknown }]
    ended.catch(() => undefined)
    return { child, ready: message.ready }
  }

  return {
    startServer: async <Ready>(program: string, environment: Record<string, string>) =>
      (await start(program, environment)).ready as Ready,
    startDevice: async (name, environment) => connect(name, (await start('device', environment)).child),
    async stop() {
      isStopped = true
      const running = children.filter((child) => child.exitCode === null && child.signalCode === null)
      const ended = running.map((child) => once(child, 'exit'))
      for (const child of running) if (child.connected) child.disconnect()
      await Promise.all(ended)
    },
  }
}

interface Waiting {
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
  readonly onProgress: ((progress: Progress) => void) | undefined
}

function connect(name: string, child: ChildProcess): Device {
  const waiting = new Map<number, Waiting>()
  let commands = 0
  child.on('message', (message: DeviceMessage) => {
    if ('ready' in message) return
    const command = waiting.get(message.id)!
    if ('progress' in message) return command.onProgress?.(message.progress)
    waiting.delete(message.id)
    if ('answer' in message) command.resolve(message.answer as never)
    else command.reject(new Refused(message.failure.code, message.failure.message))
  })
  child.once('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`device ${name} ended with ${code}`))
  })
  return {
    name,
    call: (command, parameters, onProgress) =>
      new Promise((resolve, reject) => {
        const id = ++commands
        waiting.set(id, { resolve, reject, onProgress })
        child.send({ id, name: command, parameters })
      }),
  }
}
