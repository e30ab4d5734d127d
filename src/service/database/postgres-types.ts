import { Misconfigured } from '../http.ts'
import type { SqlValue } from './types.ts'

/** The object id of `timestamptz`. */
export const TIMESTAMPTZ = 1184

/** The types of the schema's columns and of what the server's statements select, by their object ids. */
const READERS: Readonly<Record<number, (text: string) => SqlValue>> = {
  16: (text) => text === 't',
  17: readBytes,
  21: Number,
  23: Number,
  [TIMESTAMPTZ]: readTime,
}

/**
 * How values are read: without the global parsers of `pg`, which the app may have changed. A type without a reader is
 * text.
 */
export const types = {
  getTypeParser: (oid: number) => READERS[oid] ?? ((text: string) => text),
}

/**
 * `bytea_output` is hex, or escape: printable characters, two backslashes for one, and three octal digits after one.
 */
function readBytes(text: string): Uint8Array {
  if (text.startsWith('\\x')) return new Uint8Array(Buffer.from(text.slice(2), 'hex'))
  const bytes = text.replace(/\\(\\|[0-7]{3})/g, (_, escaped: string) =>
    escaped === '\\' ? escaped : String.fromCharCode(Number.parseInt(escaped, 8)),
  )
  return new Uint8Array(Buffer.from(bytes, 'latin1'))
}

const ISO = /^(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,3})\d*)?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?$/

/**
 * Reads a time in any `TimeZone`.
 *
 * @returns an invalid date for values that the server never writes: infinity, or BC
 * @throws {Misconfigured} if `DateStyle` is not ISO: the others are ambiguous
 */
export function readTime(text: string): Date {
  if (/^-?infinity$| BC$/.test(text)) return new Date(Number.NaN)
  const [, ...parts] = ISO.exec(text) ?? []
  if (parts.length === 0) {
    throw new Misconfigured(
      `PostgreSQL does not write times as ISO 8601: let the pooler keep DateStyle, or say alter role … set datestyle = 'ISO'`,
    )
  }
  const [year, month, day, hour, minute, second] = parts.slice(0, 6).map(Number) as [number, ...number[]]
  const milliseconds = Number((parts[6] ?? '').padEnd(3, '0'))
  const [hours, minutes, seconds] = parts.slice(8, 11).map((part) => Number(part ?? 0)) as [number, number, number]
  const offset = 1000 * (3600 * hours + 60 * minutes + seconds) * (parts[7] === '-' ? -1 : 1)
  return new Date(Date.UTC(year, (month as number) - 1, day, hour, minute, second, milliseconds) - offset)
}
