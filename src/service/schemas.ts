import * as v from 'valibot'
import { isUsableReceiver } from '../wire/export.ts'
import { BACKUP_METHODS, CURVES } from '../types.ts'
import { isHex } from '../util/bytes.ts'
import { AUTHORIZATION, isText, type TextRule } from '../util/text.ts'

// The schemas that server and custodian have in common. The OpenAPI documents are made of them (scripts/openapi): what a
// check requires and JSON Schema can say stands beside it, as an action or in its metadata.

/** Text that follows a rule of `util/text`. */
export const text = (rule: TextRule) =>
  v.pipe(
    v.string(),
    v.minLength(rule.least),
    v.maxLength(rule.most),
    v.check((value) => isText(value, rule)),
  )

/** So many bytes in lower-case hex. */
export const hex = (bytes: number) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`)))

export const setId = hex(32)
export const curve = v.picklist(CURVES)
export const backupMethod = v.picklist(BACKUP_METHODS)

export const authorization = v.pipe(
  text(AUTHORIZATION),
  v.description(
    'Passed to `authorizeExport`. Lengths count UTF-16 code units. No control characters but tabs and line breaks.',
  ),
)

export const receiver = v.pipe(
  hex(32),
  // A check also runs where the length before it is wrong.
  v.check((value) => isHex(value, 32) && isUsableReceiver(value)),
  v.description('The X25519 public key that the share is sealed to, made for this request only. Not of small order.'),
)
