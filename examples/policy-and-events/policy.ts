// What the wallets of this app may sign. What no rule understands is denied, and so are digests of which nothing is known.
import {
  all,
  any,
  approvalAbove,
  chains,
  createPolicy,
  domains,
  maximumPerPeriod,
  recipients,
  type Policy,
  type PolicyRequest,
} from 'reshare/policy'

export const CHAIN = 1
/** Who may be paid, and whose orders may be signed. */
export const SHOP = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const ETHER = 10n ** 18n

const rules = createPolicy({
  sign: any(
    all(
      chains(CHAIN),
      recipients([SHOP]),
      // Up to 0.1 ether at once, more once your backend has approved it, and never more than 1 ether a day. Fees count.
      approvalAbove({ [`ethereum:${CHAIN}`]: ETHER / 10n }, { by: 'operator' }),
      maximumPerPeriod({ [`ethereum:${CHAIN}`]: ETHER }, { periodMs: 86_400_000 }),
    ),
    domains([{ chainId: CHAIN, verifyingContract: SHOP, primaryTypes: ['Order'] }]),
  ),
  others: ({ action }) => action !== 'export',
})

/**
 * The `policy` of the server. A client learns that it was denied, and your log learns why.
 *
 * @param log gets the reasons of each signature that is denied
 */
export function createLoggedPolicy(log: (reasons: readonly string[]) => void): Policy {
  const policy: Policy = (request, options) => {
    if (isSignature(request)) {
      const { allowed, reasons } = rules.explain(request)
      if (!allowed) log(reasons)
    }
    return rules(request, options)
  }
  // Several signatures of one request are judged together, by their sum.
  return Object.assign(policy, { judgesAll: true })
}

function isSignature({ action }: PolicyRequest): boolean {
  return action === 'sign' || action === 'signAll'
}
