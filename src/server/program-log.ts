import { errorMessage } from '../util/brand.ts'
import { isMpcError } from '../errors.ts'
import type { HandledRequest } from './observe.ts'
import { given } from './program-env.ts'

const LEVELS = ['error', 'warn', 'info'] as const
const FORMATS = ['text', 'json'] as const

type Level = (typeof LEVELS)[number]

/** The program's log on stderr. No line has a secret, and a text in it never begins another line. */
export interface ProgramLog {
  /** An error with its causes. */
  error(error: unknown): void
  /** A notice to whoever runs the program. */
  notice(text: string): void
  /** A request that was handled. */
  request(request: HandledRequest): void
}

let opened: ProgramLog | undefined

/** The log of this process, as its environment says. */
export function programLog(): ProgramLog {
  return (opened ??= createLog(readLogSettings(), writeLine))
}

/** Reports what the program ends with, also if the variables of the log are wrong. */
export function reportEnd(error: unknown): void {
  const log = opened ?? createLog({ format: 'text', level: 'error' }, writeLine)
  log.error(error)
}

function writeLine(line: string): void {
  process.stderr.write(line)
}

/** How the log is written. */
export interface LogSettings {
  readonly format: (typeof FORMATS)[number]
  /** The least that is written. */
  readonly level: Level
}

/** @throws {Error} if a variable has another value than those that there are */
export function readLogSettings(): LogSettings {
  return { format: choice('RESHARE_LOG', FORMATS, 'text'), level: choice('RESHARE_LOG_LEVEL', LEVELS, 'warn') }
}

function choice<T extends string>(name: string, values: readonly T[], unlessGiven: T): T {
  const value = given(name) ?? unlessGiven
  if ((values as readonly string[]).includes(value)) return value as T
  throw new Error(`${name} must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}`)
}

/** @param write gets each line with its line break */
export function createLog({ format, level }: LogSettings, write: (line: string) => void, now = Date.now): ProgramLog {
  const isWritten = (of: Level) => LEVELS.indexOf(of) <= LEVELS.indexOf(level)
  const line = (of: Level, event: string, fields: Readonly<Record<string, unknown>>, text: string): void => {
    if (!isWritten(of)) return
    const time = new Date(now()).toISOString()
    write(format === 'json' ? `${escaped(JSON.stringify({ time, level: of, event, ...fields }))}\n` : `${text}\n`)
  }
  return {
    error(error) {
      const { message, code, stacks } = describe(error)
      const fields = { message, ...(code !== undefined && { code }), stacks }
      line('error', 'error', fields, stacks.map(printable).join('\ncaused by: '))
    },
    notice(text) {
      line('warn', 'notice', { message: text }, printable(text))
    },
    request(request) {
      const { request: name, kind, round, operationId, outcome, status, sealed, ms } = request
      const duration = Math.round(ms * 10) / 10
      const fields = { request: name, kind, round, operationId, code: outcome, status, sealed, ms: duration }
      const words = [name, kind, round, operationId, status, outcome, sealed ? 'sealed' : undefined, `${duration} ms`]
      line('info', 'request', fields, words.filter((word) => word !== undefined).join(' '))
    },
  }
}

/** An error with its causes, such as the error of a database or custodian. Other fields may hold secrets. */
function describe(error: unknown): { message: string; code: string | undefined; stacks: readonly string[] } {
  const stacks: string[] = []
  for (let next = error as Partial<Error> | undefined; next && stacks.length < 5; next = next.cause as typeof next) {
    stacks.push(next.stack ?? errorMessage(next) ?? 'a thrown value that is not an error')
  }
  const code = isMpcError(error) ? error.code : undefined
  return { message: errorMessage(error) ?? 'a thrown value that is not an error', code, stacks }
}

/** Without characters that control a terminal, apart from the line breaks of a stack. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are what is replaced
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, escape)
}

/** JSON leaves some characters that terminals and log collectors take for more than text. */
function escaped(json: string): string {
  return json.replace(/[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, escape)
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
