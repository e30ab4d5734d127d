// What the user types. In a terminal secrets are not shown; from a pipe each is a line.
import { createInterface, type Interface } from 'node:readline'
import { Writable } from 'node:stream'

const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
let input: Interface | undefined
let lines: AsyncIterator<string, undefined> | undefined

/** Asks for a line, which is not shown. @throws {Error} if the input has ended */
export async function askSecret(question: string): Promise<string> {
  const terminal = process.stdin.isTTY === true
  input ??= createInterface({ input: process.stdin, output: silent, terminal })
  lines ??= input[Symbol.asyncIterator]()
  process.stderr.write(`${question}: `)
  const { value } = await lines.next()
  process.stderr.write('\n')
  if (value === undefined) throw new Error('nothing was typed')
  return value
}

/** Asks twice, so that a slip of the finger locks nobody out. @throws {Error} if it is short, or not the same twice */
export async function askNewSecret(question: string): Promise<string> {
  const secret = await askSecret(`New ${question}, 10 characters or more`)
  if (secret.length < 10) throw new Error('too short')
  if ((await askSecret('Once more')) !== secret) throw new Error('not the same')
  return secret
}

/** Lets the process end. */
export function endInput(): void {
  input?.close()
}
