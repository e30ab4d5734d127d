import { expect } from 'vitest'
import type { CustodianApp, CustodianOptions } from '../../../src/custodian/index.ts'
import type { KeyShare } from '../../../src/key-share/index.ts'
import type { Curve } from '../../../src/types.ts'
import { fromHex, toHex } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { custodianPaths, type ChallengeRequest, type ShareRequest } from '../../../src/wire/export.ts'
import { request, type AppResponse } from '../../support/custodian-app.ts'
import { exportSide, type ExportSide } from '../../support/export-side.ts'
import type { WalletPair } from '../../support/wallet-pair.ts'

export const AUTHORIZATION = 'one-time code 493021'
export const ALLOWED: CustodianOptions['authorizeExport'] = () => true

/** The user's side of one export, and its two requests. */
export interface CustodianExport extends ExportSide {
  readonly asked: ChallengeRequest
  readonly challengePath: string
  readonly sharePath: string
  /** The second request. @param share proves possession, in place of the client's */
  proof(challenge: string, share?: KeyShare): ShareRequest
}

export function newExport(
  { client }: WalletPair,
  random: RandomSource,
  curve: Curve = 'secp256k1',
  authorization = AUTHORIZATION,
): CustodianExport {
  const side = exportSide(client, curve, random)
  return {
    ...side,
    asked: { setId: toHex(client.setId), curve, authorization, receiver: side.receiver },
    challengePath: custodianPaths.challenge(side.operationId),
    sharePath: custodianPaths.share(side.operationId),
    proof: (challenge, share) => ({ proof: toHex(side.prove(fromHex(challenge), share)) }),
  }
}

/** Sends a request as a user, of whom nothing may be kept on the way. */
export async function post(app: CustodianApp, path: string, body: unknown, user?: string) {
  const sent = typeof body === 'string' ? { raw: body } : { body }
  const { headers, ...rest } = await request(app, 'POST', path, { ...sent, user })
  expect(headers.get('cache-control')).toBe('no-store')
  return rest
}

/** Sends the first request. @returns the challenge, in hex */
export async function begin(app: CustodianApp, one: CustodianExport, user: string): Promise<string> {
  const { status, json } = await post(app, one.challengePath, one.asked, user)
  expect([status, json]).toEqual([200, { challenge: expect.stringMatching(/^[0-9a-f]{64}$/) as string }])
  return (json as { challenge: string }).challenge
}

/** The sealed share of a response to the second request. */
export const sealedOf = ({ json }: Pick<AppResponse, 'json'>): Uint8Array =>
  fromHex((json as { sealed: string }).sealed)
