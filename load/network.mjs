// @ts-check
import { setTimeout as wait } from 'node:timers/promises'

/** What may happen to one attempt of a request, by weight. */
const FATES = { fine: 95, requestLost: 1, answerLost: 1, sentTwice: 1, repeatedLater: 1, late: 1 }

/** @typedef {(url: string, init: RequestInit) => Promise<Response>} Fetch */

/**
 * A load balancer in the client's place: every attempt of every request goes to the next server, so that the rounds of
 * one operation meet different ones. While `troubled` is set some attempts go wrong.
 *
 * @param {(token: string) => readonly string[]} urlsOf the servers that a client with this token is sent to
 * @param {import('./random.mjs').Random} random
 */
export function createNetwork(urlsOf, random) {
  let turn = 0
  const network = {
    troubled: false,
    /** All attempts go to the first server. */
    single: false,
    attempts: 0,
    /** Attempts that were answered by 503, and those without an answer: the client repeats them until its deadline. */
    refused: 0,
    unanswered: 0,
    /** Answers of 500 and what they say: errors that have no code. @type {Record<string, number>} */
    failures: {},
    /** @type {Record<string, number>} */
    fates: {},
    /** @type {Fetch} */
    async fetch(url, init) {
      const { pathname, search } = new URL(url)
      const send = async (/** @type {RequestInit} */ how) => {
        network.attempts += 1
        const urls = urlsOf(new Headers(how.headers).get('authorization')?.slice('Bearer '.length) ?? '')
        const server = network.single ? urls[0] : urls[turn++ % urls.length]
        const response = await fetch(server + pathname + search, how).catch((error) => {
          network.unanswered += 1
          throw error
        })
        if (response.status === 503) network.refused += 1
        if (response.status !== 500) return response
        const text = await response.text()
        network.failures[text] = (network.failures[text] ?? 0) + 1
        return new Response(text, response)
      }
      const fate = network.troubled ? random.weighted(FATES) : 'fine'
      network.fates[fate] = (network.fates[fate] ?? 0) + 1
      // What has left its sender arrives, whatever the sender does then.
      const sent = { ...init, signal: null }
      const forget = () =>
        void send(sent)
          .then(discard)
          .catch(() => undefined)
      switch (fate) {
        case 'requestLost':
          throw new TypeError('the request was lost')
        case 'answerLost':
          await discard(await send(init))
          throw new TypeError('the answer was lost')
        case 'sentTwice':
          forget()
          return send(init)
        case 'repeatedLater':
          void wait(1000 + 2000 * random.next()).then(forget)
          return send(init)
        case 'late':
          await wait(500 + 2000 * random.next())
          return send(init)
        default:
          return send(init)
      }
    },
  }
  return network
}

/** @typedef {ReturnType<typeof createNetwork>} Network */

/** @param {Response} response */
const discard = (response) => response.arrayBuffer()
