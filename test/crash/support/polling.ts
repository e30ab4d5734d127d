import type { Transport } from '../../../src/transport/types.ts'

/** What was asked of a server that may have changed something, for clients that poll until something has. */
export interface Changes {
  /** The transport, by which others notice that something was asked. */
  noticed(transport: Transport): Transport
  /** A client's transport, and its way to wait until something has changed since it last looked. */
  polling(transport: Transport): { readonly transport: Transport; readonly wait: () => Promise<void> }
}

/** Lets nobody wait for time to pass: a poll is repeated once there may be something new. */
export function createChanges(): Changes {
  let count = 0
  let waiting: (() => void)[] = []
  const change = () => {
    count += 1
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  }
  return {
    noticed: (transport) => ({
      async request(request) {
        try {
          return await transport.request(request)
        } finally {
          if (request.method === 'POST') change()
        }
      },
    }),
    polling(transport) {
      let seen = 0
      return {
        transport: {
          async request(request) {
            if (request.method === 'GET') seen = count
            return transport.request(request)
          },
        },
        async wait() {
          if (seen === count) await new Promise<void>((resolve) => waiting.push(resolve))
        },
      }
    },
  }
}
