import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import type { Address } from 'viem'
import type { Chains } from '../chains.ts'
import { emulatedServices } from '../emulated-services.ts'

const ETHER = 10n ** 18n
const SOL = 10n ** 9n
const NO_CHAINS: Chains = { ethereum: undefined, solana: undefined, missing: [] }

/** What stands on this machine for services of others: the clouds, a keeper of test money, and Solana's node. */
export interface Services {
  readonly url: string
  close(): void
}

export async function serveServices(chains: () => Chains | undefined): Promise<Services> {
  const clouds = emulatedServices()
  const handle = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url)
    if (!pathname.startsWith('/chains/')) return clouds.fetch(request)
    const headers = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'content-type' }
    if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers })
    if (request.method !== 'POST') return new Response(null, { status: 405, headers })
    try {
      const result = await chainRequest(chains() ?? NO_CHAINS, pathname.slice('/chains/'.length), await request.json())
      return result === undefined ? new Response(null, { status: 404, headers }) : Response.json(result, { headers })
    } catch (error) {
      return Response.json({ error: error instanceof Error ? error.message : String(error) }, { status: 400, headers })
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
async function chainRequest({ ethereum, solana }: Chains, path: string, body: unknown): Promise<object | undefined> {
  const { account = '', transaction = '' } = body as ChainRequest
  switch (path) {
    case 'ethereum/fund':
      return ethereum && { funded: await ethereum.fund(account as Address, 10n * ETHER).then(() => true) }
    case 'solana/fund':
      return solana && (solana.fund(account, 10n * SOL), { funded: true })
    case 'solana/state':
      return (
        solana && {
          blockhash: solana.blockhash(),
          recipient: solana.recipient,
          lamports: solana.balance(account).toString(),
        }
      )
    case 'solana/send':
      return solana && { id: solana.execute(Uint8Array.from(Buffer.from(transaction, 'base64'))) }
    default:
      return undefined
  }
}
