import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import { toHex } from '../../../src/util/bytes.ts'
import type { World } from './world.ts'

/** The same text about ids that nobody has. */
export const unknownIds = ({ random }: World, text: string) =>
  text.replaceAll(/[0-9a-f]{32,64}/g, (id) => toHex(random(id.length / 2)))

/** The same body about a wallet and a set that nobody has. */
export function unknownFlight(world: World, body: Uint8Array): Uint8Array {
  const { header, messages } = decodeRoundBody(body)
  return encodeRoundBody({ header: JSON.parse(unknownIds(world, JSON.stringify(header))) as object, messages })
}
