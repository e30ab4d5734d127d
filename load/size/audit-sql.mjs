// @ts-check
// The statement that adds the audit chains of copies, as docs/wire.md has their bytes: HMAC-SHA-256 in SQL.
import pg from 'pg'

const DOMAIN = 'reshare/v1/audit/entry'
/** The columns of an entry that are text, in the order of its bytes. */
const FIELDS = ['event', 'wallet_id', 'set_id', 'operation_id', 'detail']

/** @param {import('./template.mjs').Template} template @param {string} numbers a `from` item with the numbers `n` of the copies */
export function auditOf({ clientId, entries, key }, numbers) {
  /** The ids of a copy, each computed once. @type {Map<string, string>} */
  const ids = new Map([[clientId, 'id0']])
  const text = (/** @type {string} */ value) => {
    if (value !== clientId && !isId(value)) return pg.escapeLiteral(value)
    const name = ids.get(value) ?? `id${ids.size}`
    ids.set(value, name)
    return `ids.${name}`
  }
  const prefixed = (/** @type {string} */ value) => `${bytea(u32(value.length))} || convert_to(${text(value)}, 'UTF8')`
  const fieldsOf = (/** @type {Record<string, any>} */ entry) => FIELDS.map((name) => String(entry[name]))
  const [inner, outer] = [pad(key, 0x36), pad(key, 0x5c)]
  const links = entries.map((entry, i) => {
    const time = entry['at'].getTime()
    const numbered = [entry['sequence'], Math.floor(time / 2 ** 32), time % 2 ** 32, entry['epoch']].map(u32)
    const message = [
      bytea(Buffer.concat([u32(DOMAIN.length), Buffer.from(DOMAIN)])),
      i === 0 ? bytea(Buffer.alloc(32)) : `link${i - 1}.hash`,
      prefixed(clientId),
      bytea(Buffer.concat(numbered)),
      ...fieldsOf(entry).map(prefixed),
    ].join(' || ')
    // Not pulled up: each hash is computed once.
    return `cross join lateral (select sha256(${outer} || sha256(${inner} || ${message})) as hash offset 0) link${i}`
  })
  const rows = entries.map((entry, i) => {
    const at = pg.escapeLiteral(entry['at'].toISOString())
    const fields = fieldsOf(entry).map(text).join(', ')
    return `(${entry['sequence']}, ${at}::timestamptz, ${entry['epoch']}, ${fields}, link${i}.hash)`
  })
  const columns = [...ids].map(([id, name]) => `template.other(${pg.escapeLiteral(id)}, n) as ${name}`)
  return `with added as (
      insert into reshare_audit (client_id, sequence, at, epoch, ${FIELDS.join(', ')}, hash)
      select ids.id0, entry.* from ${numbers} cross join lateral (select ${columns.join(', ')} offset 0) ids ${links.join('\n')}
      cross join lateral (values ${rows.join(', ')}) entry
      returning client_id, sequence, hash
    )
    insert into reshare_audit_heads (client_id, sequence, hash)
    select client_id, sequence, hash from added where sequence = ${entries.length}`
}

/** @param {string} text */
const isId = (text) => /^[0-9a-f]{32,64}$/.test(text)

/** A block of HMAC's key. @param {Uint8Array} key @param {number} byte */
function pad(key, byte) {
  const block = Buffer.alloc(64, byte)
  for (const [i, one] of key.entries()) block[i] = one ^ byte
  return bytea(block)
}

/** @param {number} value */
function u32(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** @param {Uint8Array} bytes */
const bytea = (bytes) => `'\\x${Buffer.from(bytes).toString('hex')}'::bytea`
