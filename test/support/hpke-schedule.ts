import { createHmac } from 'node:crypto'
import { concatBytes, utf8 } from '../../src/util/bytes.ts'

export const hmac = (key: Uint8Array, ...parts: Uint8Array[]) =>
  new Uint8Array(
    createHmac('sha256', key)
      .update(concatBytes(...parts))
      .digest(),
  )
const KEM = Uint8Array.of(...utf8('KEM'), 0, 0x20)
const HPKE = Uint8Array.of(...utf8('HPKE'), 0, 0x20, 0, 1, 0, 3)
const VERSION = utf8('HPKE-v1')
const extract = (suite: Uint8Array, salt: Uint8Array, label: string, input: Uint8Array) =>
  hmac(salt, VERSION, suite, utf8(label), input)
const expand = (suite: Uint8Array, prk: Uint8Array, label: string, context: Uint8Array, length = 32) =>
  hmac(prk, Uint8Array.of(0, length), VERSION, suite, utf8(label), context, Uint8Array.of(1)).slice(0, length)

/** RFC 9180 §4.1, §5.1, by Node's own HMAC: every secret between the key agreement and the keys. */
export function scheduleOf(
  mode: number,
  dh: Uint8Array,
  info: Uint8Array,
  kemContext: Uint8Array,
  psk?: { readonly psk: Uint8Array; readonly id: Uint8Array },
): Record<string, Uint8Array> {
  const none = new Uint8Array()
  const prk = extract(KEM, none, 'eae_prk', dh)
  const shared = expand(KEM, prk, 'shared_secret', kemContext)
  const context = concatBytes(
    Uint8Array.of(mode),
    extract(HPKE, none, 'psk_id_hash', psk?.id ?? none),
    extract(HPKE, none, 'info_hash', info),
  )
  const secret = extract(HPKE, shared, 'secret', psk?.psk ?? none)
  const [key, exporter] = [expand(HPKE, secret, 'key', context), expand(HPKE, secret, 'exp', context)]
  return { dh, prk, shared, secret, key, exporter }
}
