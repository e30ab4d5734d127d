import * as reshare from '../../../src/index.ts'
import { remoteClient, type RemoteClient, type RemoteClientOptions } from '../../../src/remote/index.ts'
import { serveClient, type RemoteHost, type ServeOptions } from '../../../src/remote/serve.ts'
import { stage } from '../../client/support/devices.ts'
import { plainMethod } from '../../client/support/plain-method.ts'
import { stringPorts, type PortPair } from './ports.ts'

/** A client that is served within this realm. */
export interface ServedClient {
  readonly remote: RemoteClient
  readonly local: reshare.Client
  readonly host: RemoteHost
  readonly ports: PortPair
  /** What went to the host's log. */
  readonly errors: unknown[]
  /** The cipherTexts that the source `stored` has. */
  readonly stored: string[]
}

/** What the tests serve with, unless they say otherwise. */
export function servedWith(
  options: Partial<ServeOptions> = {},
): ServeOptions & { stored: string[]; errors: unknown[] } {
  const stored: string[] = []
  const errors: unknown[] = []
  return {
    actions: reshare,
    approve: () => true,
    methods: { plain: ({ password }) => plainMethod(password) },
    sources: { stored: () => ({ list: async ({ skip }) => stored.slice(skip) }) },
    onError: (error) => errors.push(error),
    ...options,
    stored,
    errors,
  }
}

/** Serves a client of the memory server. */
export function serve(options: Partial<ServeOptions> = {}, remoteOptions: RemoteClientOptions = {}): ServedClient {
  const ports = stringPorts('https://app.example')
  const local = stage().device()
  const { stored, errors, ...served } = servedWith(options)
  const host = serveClient(local, ports.host, served)
  return { remote: remoteClient(ports.app, remoteOptions), local, host, ports, errors, stored }
}
