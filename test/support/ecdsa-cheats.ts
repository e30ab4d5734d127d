import { decodeRoundBody, encodeRoundBody, type RoundBody } from '../../src/wire/round-body.ts'
import type { Transport } from '../../src/index.ts'
import { decodeEnvelope, encodeEnvelope } from '../../src/protocol/session/envelope.ts'

/** Changes the last byte of every direct message of round 1, t of the extension: a cheat that is always noticed. */
function cheat(roundBody: RoundBody<unknown>): RoundBody<object> {
  const messages = roundBody.messages.map(({ sessionIndex, envelope }) => {
    const { protocol, round, to, ...rest } = decodeEnvelope(envelope)
    if (protocol !== 'ecdsa' || round !== 1 || to === 0) return { sessionIndex, envelope }
    const body = rest.body.slice()
    body[body.length - 1]! ^= 1
    return { sessionIndex, envelope: encodeEnvelope({ ...rest, protocol, round, to, body }) }
  })
  return { header: roundBody.header as object, messages }
}

/** A server that cheats in the first `times` responses of signatures; each request is noted after the last response. */
export function cheating(server: Transport, times: number): Transport & { readonly sent: string[] } {
  const sent: string[] = []
  let left = times
  return {
    sent,
    async request(asked) {
      sent.push(asked.path)
      const response = await server.request(asked)
      if (response.status !== 200 || !asked.path.endsWith('rounds/1') || left === 0) return response
      const roundBody = decodeRoundBody(response.body)
      const changed = encodeRoundBody(cheat(roundBody))
      if (changed.join() !== response.body.join()) left--
      return { status: 200, body: changed }
    },
  }
}

/** As {@link cheating}, but what the client sends is changed. */
export function cheatedClient(server: Transport): Transport {
  return {
    request(asked) {
      if (!asked.path.endsWith('rounds/1')) return server.request(asked)
      return server.request({ ...asked, body: encodeRoundBody(cheat(decodeRoundBody(asked.body!))) })
    },
  }
}
