import { concatBytes, utf8 } from '../../../util/bytes.ts'
import { CodecError } from '../../../util/codec.ts'
import { baseOtRespond, baseOtFinish, type BaseOtInput, baseOtOffer } from '../../../wasm/ot.ts'
import type { BaseOtArithmetic } from './arithmetic.ts'
import { OFFERS_BYTES, OT_DOMAIN, POINT_BYTES, REVERSED_BYTES } from './parameters.ts'
import { batchTagDigests } from './tagged-batch.ts'

const domain = utf8(OT_DOMAIN)

function inputOf(otSid: Uint8Array): BaseOtInput {
  return { labels: batchTagDigests(), otSid, domain }
}

const NOT_POINTS = 'not the encoding of a point of the prime-order subgroup'

/** The base OTs on the WebAssembly backend. */
export const wasmBaseOt: BaseOtArithmetic = {
  offer(otSid, choices, exponents, strings) {
    return baseOtOffer(inputOf(otSid), choices, exponents, strings, OFFERS_BYTES)
  },

  respond(otSid, offers, secret, choices) {
    const { status, z, reversed, pairs, keys } = baseOtRespond(inputOf(otSid), offers, secret, choices, REVERSED_BYTES)
    if (status === 'undefined') throw new CodecError('an offered point cancels its hash')
    if (status !== 'ok') throw new CodecError(NOT_POINTS)
    return { message: concatBytes(z, reversed), seeds: { multiplierSeeds: keys, choiceSeeds: pairs } }
  },

  finish(otSid, choices, exponents, offers, response) {
    const [z, reversed] = [response.subarray(0, POINT_BYTES), response.subarray(POINT_BYTES)]
    const { status, keys, pairs } = baseOtFinish(inputOf(otSid), choices, exponents, offers, z, reversed)
    if (status === 'cheat') return undefined
    if (status !== 'ok') throw new CodecError(NOT_POINTS)
    return { multiplierSeeds: keys, choiceSeeds: pairs }
  },
}
