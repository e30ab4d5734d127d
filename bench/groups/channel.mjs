// @ts-check
// What it costs to seal a request end to end and to open its answer, on either side.
import { decodeResponse, decodeRequest, encodeResponse, encodeRequest } from '../../dist/channel/messages.js'
import { openRequest, sealRequest } from '../../dist/channel/seal.js'
import { agree } from '../../dist/hpke/agree.js'
import { agreeOnce, generateKeyPair } from '../../dist/hpke/x25519.js'
import { systemRandom as random } from '../../dist/util/random.js'
import { spread, summary, table } from '../support/statistics.mjs'

export const title = 'Sealed channel'

/** A status, and the larger request of an ECDSA signature. */
const BODIES = [200, 51_000]
const ROUNDS = 300
const WARM_UP = 100

/** @typedef {{ name: string, bytes: number, time: import('../support/statistics.mjs').Summary }} Row microseconds */

/** @returns {Promise<Row[]>} */
export async function run() {
  const [server, device] = [generateKeyPair(random), generateKeyPair(random)]
  const rows = []
  for (const bytes of BODIES) {
    const body = random(bytes)
    const fields = { path: `/v1/operations/${'00'.repeat(16)}/rounds/1`, authorization: 'Bearer t'.padEnd(60, 'o') }
    const client = /** @type {number[]} */ ([])
    const host = /** @type {number[]} */ ([])
    for (let i = 0; i < WARM_UP + ROUNDS; i++) {
      const begun = performance.now()
      const request = encodeRequest({
        method: 'POST',
        time: 0,
        ...fields,
        contentType: 'application/vnd.reshare.round',
        body,
      })
      const sealed = await sealRequest(server.publicKey, device, request, random)
      const sent = performance.now()
      const opened = await openRequest([server], sealed.message, random)
      decodeRequest(opened.plaintext)
      const answer = opened.sealResponse(encodeResponse({ status: 200, time: 0, body }))
      const answered = performance.now()
      decodeResponse(sealed.openResponse(answer))
      client.push(sent - begun + performance.now() - answered)
      host.push(answered - sent)
    }
    rows.push(row('client: seal, open the answer', bytes, client), row('server: open, seal the answer', bytes, host))
  }
  const platform = await timed(() => agree(device.secretKey, server.publicKey))
  const portable = await timed(() => agreeOnce(device.secretKey, server.publicKey))
  rows.push(row('X25519, WebCrypto', 32, platform), row('X25519, @noble/curves', 32, portable))
  return rows
}

/** @param {readonly Row[]} rows */
export function print(rows) {
  const cells = rows.map(({ name, bytes, time }) => [name, String(bytes), spread(time)])
  return table([['one exchange', 'bytes of body', 'µs'], ...cells])
}

/** @param {() => unknown} work */
async function timed(work) {
  const times = []
  for (let i = 0; i < WARM_UP + ROUNDS; i++) {
    const begun = performance.now()
    await work()
    times.push(performance.now() - begun)
  }
  return times
}

/** @param {string} name @param {number} bytes @param {readonly number[]} times milliseconds @returns {Row} */
function row(name, bytes, times) {
  return { name, bytes, time: summary(times.slice(WARM_UP).map((time) => 1000 * time)) }
}
