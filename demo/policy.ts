import {
  all,
  any,
  chains,
  createPolicy,
  kinds,
  maximumPerPeriod,
  recipients,
  requireApproval,
  type Rule,
} from 'reshare/policy'

/** The Ethereum chain of the demo, which anvil runs. */
const CHAIN = 31_337
/** Who may be paid. */
export const RECIPIENT = '0x000000000000000000000000000000000000dEaD'
/** What may be paid in an hour, in wei, with gas: two ether, and not three. */
const ALLOWED_WEI = 2_500_000_000_000_000_000n
/** How long a recovery waits, so that another device can cancel it: a day in an app, and seconds in the demo. */
export const RECOVERY_DELAY_MS = 3_000

/** Texts that the demo signs by BIP 340, which its wallet uses for nothing else. */
const texts: Rule = {
  judge: ({ scheme, intent }) => {
    const allowed = scheme === 'bip340' && intent.kind === 'raw'
    return { allowed, reasons: [`texts: ${allowed ? 'allowed' : `${intent.kind} by ${String(scheme)} is no text`}`] }
  },
}

/** What the demo's server allows. */
export const policy = createPolicy({
  sign: any(
    all(
      chains(CHAIN),
      recipients([RECIPIENT]),
      maximumPerPeriod({ [`ethereum:${CHAIN}`]: ALLOWED_WEI }, { periodMs: 3_600_000 }),
    ),
    requireApproval(kinds('ethereumMessage'), { by: 'device' }),
    kinds('solanaTransaction', 'solanaMessage'),
    texts,
  ),
  others: ({ action }) => {
    if (action !== 'recover') return action !== 'export'
    return { delayMs: RECOVERY_DELAY_MS, reason: 'a new device recovers the wallet' }
  },
})
