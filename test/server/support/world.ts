import type { Custodian } from '../../../src/custodian/types.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { createServer, type Server, type ServerOptions } from '../../../src/server/index.ts'
import { peekWalletSetId } from '../../../src/key-share/index.ts'
import { concatBytes, equalBytes, toHex, utf8 } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { CLIENT_HEADER, serverClient, type ServerClient } from '../../support/server-client.ts'

/** A custodian in memory that a test can look into and break. */
export interface TestCustodian extends Custodian {
  readonly halves: Map<string, Uint8Array[]>
  /** Runs before each call; what it throws is the call's failure. */
  fault: (call: 'store' | 'fetch' | 'delete') => void
}

export function testCustodian(): TestCustodian {
  const halves = new Map<string, Uint8Array[]>()
  const of = (clientId: string) => halves.get(clientId) ?? []
  return {
    halves,
    fault: () => undefined,
    async store({ clientId, share }) {
      this.fault('store')
      if (!of(clientId).some((half) => equalBytes(half, share))) halves.set(clientId, [...of(clientId), share.slice()])
    },
    async fetch(clientId) {
      this.fault('fetch')
      return of(clientId).map((half) => half.slice())
    },
    async delete(clientId, setId) {
      this.fault('delete')
      halves.set(
        clientId,
        of(clientId).filter((half) => toHex(peekWalletSetId(half)) !== setId),
      )
    },
  }
}

/** One database and the servers, clients and clock around it. */
export interface World {
  readonly database: Database
  readonly custodian: TestCustodian
  readonly random: RandomSource
  readonly errors: unknown[]
  readonly now: () => number
  /** Moves the clock. */
  pass(ms: number): void
  server(options?: Partial<ServerOptions>): Server
  /** A client that nobody has met, in front of one server or of several in turn. */
  client(servers?: readonly Server[], clientId?: string): ServerClient
}

export const MASTER_KEY = utf8('a master key for nothing but test')

export function createWorld(database: Database, random: RandomSource): World {
  const custodian = testCustodian()
  const errors: unknown[] = []
  let time = Date.UTC(2026, 0, 1)
  const server = (options: Partial<ServerOptions> = {}) =>
    createServer({
      database,
      custodian,
      masterKey: concatBytes(MASTER_KEY).slice(0, 32),
      authenticate: (request) => {
        // The header that a sealed request can have, or the one that is all a test's own.
        const [, sealed] = /^Test (.+)$/.exec(request.headers.get('authorization') ?? '') ?? []
        const clientId = sealed ?? request.headers.get(CLIENT_HEADER)
        return clientId ? { clientId } : undefined
      },
      onError: (error) => errors.push(error),
      now: () => time,
      random,
      // A test does in a moment what a client does in months.
      limits: { rates: null },
      ...options,
    })
  const usual = server()
  return {
    database,
    custodian,
    random,
    errors,
    now: () => time,
    pass(ms) {
      time += ms
    },
    server,
    client(servers = [usual], clientId = `client-${toHex(random(8))}`) {
      let turn = 0
      return serverClient((request) => (servers[turn++ % servers.length] as Server).fetch(request), clientId, random)
    },
  }
}
