import { inflateSync } from 'node:zlib'
import { sha256 } from '@noble/hashes/sha2.js'
import * as vectors from 'cctv-age'
import { describe, expect, test } from 'vitest'
import { codeAge } from '../../src/backup/age-file.ts'
import { identityCode } from '../../src/backup/age-keys/text-age.ts'
import { decodeArmor } from '../../src/backup/armor.ts'
import { hybrid } from '../../src/backup/post-quantum.ts'
import { isMpcError } from '../../src/errors.ts'
import { toHex } from '../../src/util/bytes.ts'

// C2SP's test vectors of age (github.com/C2SP/CCTV).

interface Vector {
  readonly name: string
  readonly file: Uint8Array
  /** Of the lines before the file, each key with its values. */
  readonly fields: ReadonlyMap<string, readonly string[]>
}

function parse(name: string, bytes: Uint8Array): Vector {
  const end = Buffer.from(bytes).indexOf('\n\n')
  const fields = new Map<string, string[]>()
  for (const line of Buffer.from(bytes.subarray(0, end)).toString().split('\n')) {
    const [key = '', value = ''] = line.split(/: (.*)/)
    fields.set(key, [...(fields.get(key) ?? []), value])
  }
  const rest = bytes.subarray(end + 2)
  return { name, file: fields.has('compressed') ? new Uint8Array(inflateSync(rest)) : rest, fields }
}

const all = Object.entries(vectors)
  .filter(([, bytes]) => bytes instanceof Uint8Array)
  .map(([name, bytes]) => parse(name, bytes))
/** Nothing here opens a file by a passphrase of age's own. */
const known = all.filter(({ fields }) => !fields.has('passphrase'))

/** What happens, in the words of the vectors. */
async function outcomeOf({ file, fields }: Vector): Promise<string> {
  try {
    const text = () => Array.from(file, (byte) => String.fromCharCode(byte)).join('')
    const bytes = fields.has('armored') ? decodeArmor(text()) : file
    const identities = (fields.get('identity') ?? []).map((identity) => identityCode(identity, hybrid))
    return `success ${toHex(sha256(await codeAge.decrypt(bytes, identities)))}`
  } catch (error) {
    const message = (error as Error).message
    if (message === 'no identity opens the file') return 'no match'
    if (message === 'the MAC of the header does not fit') return 'HMAC failure'
    return isMpcError(error, 'BACKUP_CORRUPT') || error instanceof Error ? 'failure' : String(error)
  }
}

function expected({ fields }: Vector): string {
  const [expect = ''] = fields.get('expect') ?? []
  if (expect === 'success') return `success ${fields.get('payload')?.[0]}`
  return ['no match', 'HMAC failure'].includes(expect) ? expect : 'failure'
}

describe('the vectors of C2SP', () => {
  test('are there', () => {
    expect(all.length).toBeGreaterThan(120)
    expect(known.length).toBeGreaterThan(90)
  })

  test.each(known)('$name', async (vector) => {
    expect(await outcomeOf(vector)).toBe(expected(vector))
  })
})
