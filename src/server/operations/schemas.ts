import * as v from 'valibot'
import { isUsableReceiver } from '../../wire/export.ts'
import { parsePath } from '../../protocol/derive/index.ts'
import { getGroup } from '../../curve/index.ts'
import { BACKUP_METHODS, type Curve } from '../../types.ts'
import { fromHex, isHex } from '../../util/bytes.ts'
import { isCodecError } from '../../util/codec.ts'
import { isText, LABEL, type TextRule } from '../../util/text.ts'
import type { ServerLimits } from '../context.ts'

/** Text that follows a rule of `util/text`. */
export const text = (rule: TextRule) =>
  v.pipe(
    v.string(),
    v.check((value) => isText(value, rule)),
  )

/** So many bytes in lower-case hex. */
export const hex = (bytes: number) => v.custom<string>((value) => isHex(value, bytes))

export const walletId = hex(16)
export const setId = hex(32)
export const receiver = v.pipe(hex(32), v.check(isUsableReceiver))
export const slowClient = v.optional(v.literal(true))
export const setupFields = { slowClient, withoutSetup: v.optional(v.literal(true)) }
export const backupMethod = v.picklist(BACKUP_METHODS)

/** A BIP 32 path of at most 255 steps with ten digits each, the longest that can be derived. */
export const path = v.pipe(v.string(), v.maxLength(1 + 11 * 255), v.check(isPath))

/** An imported key on a curve, or null. */
export const importedKey = (curve: Curve) =>
  v.nullable(
    v.strictObject({
      publicKey: v.custom<string>((value) => isPublicKey(curve, value)),
      chainCode: v.nullable(hex(32)),
    }),
  )

function isPublicKey(curve: Curve, value: unknown): boolean {
  const group = getGroup(curve)
  if (!isHex(value, group.pointLength)) return false
  try {
    group.decodePoint(fromHex(value))
    return true
  } catch (error) {
    if (isCodecError(error)) return false
    throw error
  }
}

export const label = ({ labelLength }: ServerLimits) => text({ ...LABEL, most: labelLength })

/** A message to sign, in lower-case hex. */
export const message = ({ messageBytes }: ServerLimits) =>
  v.pipe(
    v.string(),
    v.maxLength(2 * messageBytes),
    v.check((value) => isHex(value)),
  )

function isPath(value: string): boolean {
  try {
    parsePath(value)
    return true
  } catch {
    return false
  }
}
