import type { Expected } from '../../session/machine.ts'
import { greetingLength } from './greeting.ts'
import { EXTENSION_BYTES, POINT_BYTES, PRODUCT_BYTES } from '../ot/parameters.ts'
import { SIGNATURE_SHARE_BYTES } from './signature-share.ts'
import { isManySigners, roundOf, type SigningSetup } from './signing-setup.ts'

const HASH = 32
const SCALAR = 32

/**
 * The messages that a signer gets from each peer in a round, and their lengths. The files of the rounds say what they
 * contain.
 *
 * @param learns whether this signer learns the signature
 */
export function expectedMessages(setup: SigningSetup, round: number, learns: boolean): Expected {
  const { kind } = setup.mode
  const is = (what: Parameters<typeof roundOf>[1]): boolean => round === roundOf(setup, what)
  const isMany = isManySigners(setup)
  if (kind === 'preprocess') {
    if (round === 1) return { broadcast: greetingLength(setup), direct: 0 }
    if (is('commitment')) return { broadcast: HASH, direct: EXTENSION_BYTES }
    return { broadcast: 0, direct: is('product') ? PRODUCT_BYTES : 0 }
  }
  if (is('commitment')) return { broadcast: greetingLength(setup) + HASH, direct: HASH + EXTENSION_BYTES }
  if (is('product')) return { broadcast: 0, direct: PRODUCT_BYTES }
  if (is('decommitment')) {
    const greeting = setup.greeting.reduce((sum, { length }) => sum + length, 0)
    const shown = POINT_BYTES + HASH + (isMany ? POINT_BYTES : 0)
    return { broadcast: greeting + shown, direct: 2 * SCALAR + 2 * POINT_BYTES + (isMany ? SCALAR : 0) }
  }
  if (is('share')) return { broadcast: 0, direct: learns ? SIGNATURE_SHARE_BYTES : 0 }
  return { broadcast: is('comparison') && isMany ? HASH + POINT_BYTES : 0, direct: 0 }
}
