import { partyId, type PartyId, type Purpose, type Role } from '../types.ts'

/** Every share set of a wallet needs both of its parties. */
export const WALLET_THRESHOLD = 2

/** The parties of a wallet's sets: the client is 1, its counterpart 2. */
export function partiesOf(purpose: Purpose): readonly { readonly id: PartyId; readonly role: Role }[] {
  return [
    { id: partyId(1), role: 'client' },
    { id: partyId(2), role: purpose === 'signing' ? 'server' : 'custodian' },
  ]
}
