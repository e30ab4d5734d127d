import { DriveError } from './errors.ts'

/** The two parts of an upload. */
export interface Upload {
  readonly metadata: Readonly<Record<string, unknown>>
  readonly type: string
  readonly content: Uint8Array<ArrayBuffer>
}

/**
 * Reads a `multipart/related` body of exactly two parts (RFC 2387), metadata in JSON and media, with the line ends of the RFC.
 *
 * @throws {DriveError} if it is anything else
 */
export function parseUpload(contentType: string, body: Uint8Array): Upload {
  const [, quoted, bare] = /^multipart\/related; *boundary=(?:"([^"]{1,70})"|([^"; ]{1,70}))$/.exec(contentType) ?? []
  const boundary = quoted ?? bare
  if (boundary === undefined) throw new DriveError('badRequest', 'The content type is not multipart/related.')
  // One character for each byte, so that offsets are the same.
  const text = Array.from(body, (byte) => String.fromCharCode(byte)).join('')
  const parts = `\r\n${text}`.split(`\r\n--${boundary}`)
  const [preamble, first, second, end, ...more] = parts
  if (
    preamble !== '' ||
    first === undefined ||
    second === undefined ||
    more.length > 0 ||
    !/^--(\r\n)?$/.test(end ?? '')
  ) {
    throw new DriveError('badRequest', 'Malformed multipart body.')
  }
  const [metadataType, metadata] = readPart(first)
  if (!/^application\/json(; *charset=utf-8)?$/i.test(metadataType)) {
    throw new DriveError('badRequest', 'The first part is not JSON.')
  }
  const [type, content] = readPart(second)
  return { metadata: parseObject(metadata), type, content }
}

function readPart(part: string): [type: string, content: Uint8Array<ArrayBuffer>] {
  const [, head = '', content] = /^\r\n((?:[^\r\n]+\r\n)+)\r\n([^]*)$/.exec(part) ?? []
  const type = /^content-type: *([^\r\n]+)\r\n$/i.exec(head)?.[1]
  if (content === undefined || type === undefined) throw new DriveError('badRequest', 'Malformed part.')
  return [type, Uint8Array.from(content, (character) => character.charCodeAt(0))]
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // As for JSON of another kind.
  }
  throw new DriveError('badRequest', 'Parse Error')
}
