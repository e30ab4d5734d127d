import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import type { Address } from 'viem'
import type { Chains } from '../chains.ts'
import { emulatedServices } from '../emulated-services.ts'
import type { GuardianRequest } from './configuration.ts'
import { createGuardians } from './guardians.ts'

const ETHER = 10n ** 18n
const SOL = 10n ** 9n
const NO_CHAINS: Chains = { ethereum: undefined, solana: undefined, missing: [] }

/** What stands on this machine for services of others: the clouds, guardians, a keeper of test money, and Solana's node. */
export interface Services {
  readonly url: string
  close(): void
}

/** Any page may ask: there is nothing but test money, and what pages of the demo have put there. */
const CORS = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'content-type' }

export async function serveServices(chains: () => Chains | undefined): Promise<Services> {
  const clouds = emulatedServices()
  const guardians = await createGuardians()

  const answer = async (path: string, body: unknown): Promise<object | undefined> => {
    if (path === '/guardians/list') return guardians.list()
    if (path === '/guardians/open') return guardians.open(body as GuardianRequest)
    return chainRequest(chains() ?? NO_CHAINS, path, body as ChainRequest)
  }
  const handle = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url)
    if (!/^[/](chains|guardians)[/]/.test(pathname)) return clouds.fetch(request)
    if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: CORS })
    if (request.method !== 'POST') return new Response(null, { status: 405, headers: CORS })
    try {
      const result = await answer(pathname, await request.json())
      return result === undefined
        ? new Response(null, { status: 404, headers: CORS })
        : Response.json(result, { headers: CORS })
    } catch (error) {
      return Response.json(
        { error: error instanceof Error ? error.message : String(error) },
        { status: 400, headers: CORS },
      )
    }
  }
  return new Promise((resolve) => {
    const listener = serve({ fetch: handle, hostname: '127.0.0.1', port: 0 }, ({ port }: AddressInfo) => {
      resolve({ url: `http://127.0.0.1:${port}`, close: () => void listener.close() })
    })
  })
}

interface ChainRequest {
  readonly account?: string
  /** In base64. */
  readonly transaction?: string
}

/** @returns undefined for an unknown path, or a chain that does not run here */
async function chainRequest(
  { ethereum, solana }: Chains,
  path: string,
  { account = '', transaction = '' }: ChainRequest,
): Promise<object | undefined> {
  switch (path) {
    case '/chains/ethereum/fund':
      return ethereum && { funded: await ethereum.fund(account as Address, 10n * ETHER).then(() => true) }
    case '/chains/solana/fund':
      return solana && (solana.fund(account, 10n * SOL), { funded: true })
    case '/chains/solana/state':
      return (
        solana && {
          blockhash: solana.blockhash(),
          lamports: solana.balance(account).toString(),
        }
      )
    case '/chains/solana/send':
      return solana && { id: solana.execute(Uint8Array.from(Buffer.from(transaction, 'base64'))) }
    default:
      return undefined
  }
}
