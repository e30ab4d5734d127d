import { isText, type TextRule } from '../../util/text.ts'

/** The fields of a sign-in (`SolanaSignInInput` of wallet-standard), as the signed text has them. */
export interface SolanaSignIn {
  /** The host that asks, with its port if it has one, such as `app.example` or `localhost:3000`. */
  readonly domain: string
  /** The address that signs in. */
  readonly address: string
  /** What the user agrees to: one line. */
  readonly statement?: string
  /** What is signed in to. */
  readonly uri?: string
  /** `1`. */
  readonly version?: string
  /** A cluster: `mainnet`, `testnet`, `devnet` or `localnet`, with or without `solana:` in front. */
  readonly chainId?: string
  /** At least eight letters and digits. */
  readonly nonce?: string
  /** ISO 8601. */
  readonly issuedAt?: string
  /** ISO 8601. */
  readonly expirationTime?: string
  /** ISO 8601. */
  readonly notBefore?: string
  /** An id of the request. */
  readonly requestId?: string
  /** URIs. */
  readonly resources?: readonly string[]
}

const INTRODUCTION = ' wants you to sign in with your Solana account:'

type Line = 'uri' | 'version' | 'chainId' | 'nonce' | 'issuedAt' | 'expirationTime' | 'notBefore' | 'requestId'

/** The lines after the statement, in their order. */
const LINES: readonly (readonly [Line, string])[] = [
  ['uri', 'URI: '],
  ['version', 'Version: '],
  ['chainId', 'Chain ID: '],
  ['nonce', 'Nonce: '],
  ['issuedAt', 'Issued At: '],
  ['expirationTime', 'Expiration Time: '],
  ['notBefore', 'Not Before: '],
  ['requestId', 'Request ID: '],
]
const RESOURCES = 'Resources:'

const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[!-~]{1,2048}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/** What each field may be. */
const PATTERNS: Readonly<Record<Line | 'domain' | 'address', RegExp>> = {
  domain: /^(?:[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/,
  address: /^[1-9A-HJ-NP-Za-km-z]{32,44}$/,
  uri: URI,
  version: /^1$/,
  chainId: /^(?:solana:)?(?:mainnet|testnet|devnet|localnet)$/,
  nonce: /^[A-Za-z0-9]{8,128}$/,
  issuedAt: TIME,
  expirationTime: TIME,
  notBefore: TIME,
  requestId: /^[A-Za-z0-9._~!$&'()*+,;=:@%-]{1,128}$/,
}

/** A statement is a line for people to read, without characters that hide or reorder others. */
const STATEMENT: TextRule = { kind: 'label', least: 1, most: 2048 }

/** The most resources. */
const MAX_RESOURCES = 32

/**
 * The text of a sign-in, as wallet-standard's `createSignInMessageText` writes it.
 *
 * @throws {TypeError} if a field is not text
 * @throws {RangeError} if a field is not what it may be: each is checked, so that no field can pass for another
 */
export function signInText(fields: SolanaSignIn): string {
  expectFields(fields)
  const { domain, address, statement, resources } = fields
  const lines = LINES.flatMap(([name, label]) => (fields[name] === undefined ? [] : [label + fields[name]]))
  if (resources !== undefined) lines.push(RESOURCES, ...resources.map((resource) => `- ${resource}`))
  const blocks = [`${domain}${INTRODUCTION}\n${address}`, statement, lines.join('\n')]
  return blocks.filter((block) => block !== undefined && block !== '').join('\n\n')
}

/** Whether a text is a sign-in, or may pass for one: such as a verifier that is less strict would take. */
export function mayBeSignIn(text: string): boolean {
  return text.includes(INTRODUCTION.trim())
}

/**
 * Reads the text of a sign-in.
 *
 * @throws {RangeError} if it is not exactly the one that {@link signInText} writes
 */
export function parseSignIn(text: string): SolanaSignIn {
  const [head = '', ...blocks] = text.split('\n\n')
  const [first = '', address = '', ...more] = head.split('\n')
  const isLines = (block = '') => labelOf(block) !== undefined
  const statement = isLines(blocks[0]) ? undefined : blocks[0]
  const lines = (statement === undefined ? blocks[0] : blocks[1])?.split('\n') ?? []
  const fields: Partial<Record<keyof SolanaSignIn, string | string[]>> = {
    domain: first.slice(0, -INTRODUCTION.length),
    address,
    ...(statement === undefined ? {} : { statement }),
  }
  const end = lines.indexOf(RESOURCES)
  for (const line of end === -1 ? lines : lines.slice(0, end)) {
    const label = labelOf(line)
    if (label === undefined) throw notSignIn()
    fields[label[0]] = line.slice(label[1].length)
  }
  if (end !== -1) fields.resources = lines.slice(end + 1).map((line) => line.slice(2))
  if (more.length === 0 && signInText(fields as unknown as SolanaSignIn) === text)
    return fields as unknown as SolanaSignIn
  throw notSignIn()
}

const notSignIn = (): RangeError => new RangeError('the message looks like a sign-in, and is none')

/** The field of a line; also of `Resources:`. */
function labelOf(line: string): readonly [Line | 'resources', string] | undefined {
  if (line === RESOURCES || line.startsWith(`${RESOURCES}\n`)) return ['resources', RESOURCES]
  return LINES.find(([, label]) => line.startsWith(label))
}

function expectFields(fields: SolanaSignIn): void {
  for (const [name, pattern] of Object.entries(PATTERNS) as [keyof typeof PATTERNS, RegExp][]) {
    const value: unknown = fields[name]
    if (value === undefined && name !== 'domain' && name !== 'address') continue
    if (typeof value !== 'string') throw new TypeError(`${name} must be text`)
    if (!pattern.test(value) || (pattern === TIME && Number.isNaN(Date.parse(value)))) {
      throw new RangeError(`${name} is not what a sign-in may have`)
    }
  }
  const { statement, resources } = fields
  if (statement !== undefined && (!isText(statement, STATEMENT) || isLabelled(statement))) {
    throw new RangeError('statement must be one line of text, and none that another field has')
  }
  if (resources === undefined) return
  if (!Array.isArray(resources)) throw new TypeError('resources must be a list')
  const isResource = (value: unknown) => typeof value === 'string' && URI.test(value)
  if (resources.length === 0 || resources.length > MAX_RESOURCES || !resources.every(isResource)) {
    throw new RangeError(`resources must be 1 to ${MAX_RESOURCES} URIs`)
  }
}

function isLabelled(statement: string): boolean {
  return statement.startsWith(RESOURCES) || LINES.some(([, label]) => statement.startsWith(label.trimEnd()))
}
