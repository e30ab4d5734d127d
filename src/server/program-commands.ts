import { readFileSync } from 'node:fs'
import { generateKeyPair } from '../hpke/x25519.ts'
import { toHex } from '../util/bytes.ts'
import { systemRandom } from '../util/random.ts'
import { apiTokens } from './access/tokens.ts'
import { assertHeads, type AuditHead } from './audit/chain.ts'
import { verifyAuditLog, type AuditReport } from './audit/verify.ts'
import { checkDatabase } from './compatibility/check-database.ts'
import { createServer, type Server } from './create-server.ts'
import { eventsCommand, printEvents, readEvents } from './program-events.ts'
import { openDatabase } from './program-database.ts'
import { given } from './program-env.ts'
import { isMoveCommand, printMove, printRestoredMoves } from './program-moves.ts'
import { openMasterKeys } from './program-keys.ts'

/** A command: whether it takes these parameters, and what it does. */
interface Command {
  readonly takes: (parameters: readonly string[]) => boolean
  readonly run: (parameters: readonly string[]) => unknown
}

const none: Command['takes'] = (parameters) => parameters.length === 0

const COMMANDS: Readonly<Record<string, Command>> = {
  token: { takes: ({ length }) => length === 1, run: ([clientId]) => printToken(clientId as string) },
  'channel-key': { takes: none, run: printChannelKey },
  'check-database': { takes: none, run: printDatabaseCheck },
  rotate: { takes: none, run: () => printResult((server) => server.rotate()) },
  approvals: {
    takes: ({ length }) => length <= 1,
    run: ([clientId]) => printResult(({ approvals }) => approvals.list(clientId === undefined ? {} : { clientId })),
  },
  approve: { takes: ({ length }) => length === 2, run: (parameters) => printDecision('approve', parameters) },
  deny: { takes: ({ length }) => length === 2, run: (parameters) => printDecision('deny', parameters) },
  audit: {
    takes: (parameters) => parameters.filter((parameter) => parameter !== '--json').length <= 1,
    run: printAudit,
  },
  'move-client': { takes: isMoveCommand, run: printMove },
  'restore-moves': { takes: none, run: printRestoredMoves },
  events: { takes: (parameters) => eventsCommand(parameters) !== undefined, run: printEvents },
}

/**
 * Runs a command of the program, which prints its result and ends.
 *
 * @returns false if there is no such command, or it takes other parameters
 */
export async function runCommand(name: string, parameters: readonly string[]): Promise<boolean> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command?.takes(parameters) !== true) return false
  await command.run(parameters)
  return true
}

async function printToken(clientId: string): Promise<void> {
  const database = openDatabase()
  try {
    process.stdout.write(`${await apiTokens(database).create(clientId)}\n`)
  } finally {
    await database.close()
  }
}

async function printDecision(decide: 'approve' | 'deny', [clientId, approvalId]: readonly string[]): Promise<void> {
  const decision = { clientId: clientId as string, approvalId: approvalId as string }
  await printResult(({ approvals }) => approvals[decide](decision))
}

/** Prints as JSON what a server on this database returns. It handles no requests. */
async function printResult(work: (server: Server) => Promise<unknown>): Promise<void> {
  const masterKey = openMasterKeys()
  const database = openDatabase()
  try {
    const server = createServer({ database, masterKey, authenticate: () => undefined, ...readEvents() })
    process.stdout.write(`${JSON.stringify(await work(server))}\n`)
  } finally {
    await database.close()
  }
}

async function printDatabaseCheck(): Promise<void> {
  const database = openDatabase()
  try {
    const isSingle = given('DATABASE_URL') === undefined
    const { version, isUsable, checks } = await checkDatabase(database, { isSingle })
    const words = { ok: 'ok', missing: 'missing', notTried: 'not tried' }
    const lines = checks.map(({ name, result, detail }) => `${words[result]}: ${name}${detail && `; ${detail}`}`)
    process.stdout.write(`${[version, ...lines].join('\n')}\n`)
    if (!isUsable) process.exitCode = 1
  } finally {
    await database.close()
  }
}

function printChannelKey(): void {
  const { secretKey, publicKey } = generateKeyPair(systemRandom)
  process.stdout.write(`${JSON.stringify({ secretKey: toHex(secretKey), publicKey: toHex(publicKey) })}\n`)
}

async function printAudit(parameters: readonly string[]): Promise<void> {
  const path = parameters.find((parameter) => parameter !== '--json')
  const heads = path === undefined ? [] : readHeads(path)
  const masterKey = openMasterKeys()
  const database = openDatabase()
  try {
    const report = await verifyAuditLog({ database, masterKey, heads })
    process.stdout.write(`${parameters.includes('--json') ? JSON.stringify(report) : describeAudit(report)}\n`)
    if (report.breaks.length > 0) process.exitCode = 1
  } finally {
    await database.close()
  }
}

/** A file without heads would verify nothing, so it is an error. */
function readHeads(path: string): readonly AuditHead[] {
  const { heads } = JSON.parse(readFileSync(path, 'utf8')) as Partial<AuditReport>
  assertHeads(heads)
  if (heads.length > 0) return heads
  throw new Error(
    `${path} has no heads to compare the log with: pass the output of an earlier audit --json, or no file`,
  )
}

function describeAudit({ chains, entries, epoch, breaks, heads }: AuditReport): string {
  // A client's id is text of the app: quoted, so that it cannot control the terminal.
  const broken = breaks.map(({ reason, clientId, sequence, message }) =>
    [reason, JSON.stringify(clientId), sequence, message].join(' '),
  )
  const ends = heads.map(({ clientId, sequence, hash }) => [JSON.stringify(clientId), sequence, hash].join(' '))
  return [`${chains} chains, ${entries} entries, ${breaks.length} broken, epoch ${epoch}`, ...broken, ...ends].join(
    '\n',
  )
}
