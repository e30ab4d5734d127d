import { sha256 } from '@noble/hashes/sha2.js'

import { concatBytes, utf8, wipe } from '../../util/bytes.ts'
import { CodecError } from '../../util/codec.ts'
import { baseOtAnswer, baseOtFinish, type BaseOtInput, baseOtOffer } from '../../wasm/ot.ts'
import { tag } from '../tags.ts'
import type { BaseOtArithmetic } from './arithmetic.ts'
import { COLUMNS, OT1_BYTES, OT2_BYTES, OT_DOMAIN, SEED_BYTES } from './parameters.ts'

const domain = utf8(OT_DOMAIN)
let digest: Uint8Array | undefined

function about(otSid: Uint8Array): BaseOtInput {
  digest ??= sha256(utf8(tag('secp256k1', 'ecdsa-setup', 'ot-key')))
  return { about: concatBytes(digest, otSid, domain), domainLength: domain.length }
}

const NOT_POINTS = 'not the encoding of a point of the prime-order subgroup'

/** Base OTs on the WebAssembly backend. */
export const wasmBaseOt: BaseOtArithmetic = {
  offer(otSid, choices, exponents, decoys) {
    const scalars = concatBytes(...exponents, ...decoys)
    try {
      return baseOtOffer(about(otSid), choices, scalars, OT1_BYTES)
    } finally {
      wipe(scalars)
    }
  },

  answer(otSid, message, secrets) {
    const scalars = concatBytes(...secrets)
    try {
      const sizes = { message: OT2_BYTES, keys: 2 * COLUMNS * SEED_BYTES }
      const { status, ...answer } = baseOtAnswer(about(otSid), message, scalars, sizes)
      if (status === 'undefined') throw new CodecError('an offered point cancels its hash')
      if (status !== 'ok') throw new CodecError(NOT_POINTS)
      return answer
    } finally {
      wipe(scalars)
    }
  },

  finish(otSid, choices, exponents, message, reply) {
    const scalars = concatBytes(...exponents)
    try {
      const size = COLUMNS * SEED_BYTES
      const { status, keys } = baseOtFinish(about(otSid).about, choices, scalars, message, reply, size)
      if (status !== 'ok') throw new CodecError(NOT_POINTS)
      return keys
    } finally {
      wipe(scalars)
    }
  },
}
