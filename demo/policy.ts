import {
  all,
  any,
  chains,
  createPolicy,
  kinds,
  maximumPerPeriod,
  recipients,
  requireApproval,
  type RulePolicy,
  type Rule,
} from 'reshare/policy'

/** The Ethereum chain of the demo, which anvil runs. */
const CHAIN = 31_337
/** Who may be paid in the demo in the terminal. */
export const RECIPIENT = '0x000000000000000000000000000000000000dEaD'
/** What may be paid in an hour in the terminal, in wei, with gas: two ether, and not three. */
const TERMINAL_WEI = 2_500_000_000_000_000_000n
/** The same for the pages: half an ether once, and not twice. */
const PAGE_WEI = 1_000_000_000_000_000_000n
/** How long a recovery waits in the terminal, so that another device can cancel it: a day in an app. */
export const RECOVERY_DELAY_MS = 3_000

/** Texts that the demo in the terminal signs by BIP 340, which its wallet uses for nothing else. */
const texts: Rule = {
  judge: ({ scheme, intent }) => {
    const allowed = scheme === 'bip340' && intent.kind === 'raw'
    return { allowed, reasons: [`texts: ${allowed ? 'allowed' : `${intent.kind} by ${String(scheme)} is no text`}`] }
  },
}

/** What an account may pay: a permit is an approval of tokens, which have no amount here, so that it is denied. */
const paid = (wei: bigint): Rule =>
  all(chains(CHAIN), maximumPerPeriod({ [`ethereum:${CHAIN}`]: wei }, { periodMs: 3_600_000 }))

/** A text for Ethereum can be a login, so that another device approves it. */
const approvedTexts = requireApproval(kinds('ethereumMessage'), { by: 'device' })

const recovery = (delayMs: number) => ({ delayMs, reason: 'a new device recovers the wallet' })

/** What the server of the demo in the terminal allows. */
const terminalPolicy = (): RulePolicy =>
  createPolicy({
    sign: any(
      all(recipients([RECIPIENT]), paid(TERMINAL_WEI)),
      approvedTexts,
      kinds('solanaTransaction', 'solanaMessage'),
      texts,
    ),
    others: ({ action }) => (action === 'recover' ? recovery(RECOVERY_DELAY_MS) : action !== 'export'),
  })

/** What the server of the demo's pages allows. An export is the business of `authorizeExport`. */
const pagePolicy = (recoveryDelayMs: number): RulePolicy =>
  createPolicy({
    sign: any(
      paid(PAGE_WEI),
      approvedTexts,
      kinds('solanaTransaction', 'solanaMessage', 'bitcoinTransaction', 'bitcoinMessage'),
    ),
    // Users read it; a thief of a device would, too.
    explainsDenials: true,
    others: ({ action }) => action !== 'recover' || recovery(recoveryDelayMs),
  })

/** The policy of a demo. @param recoveryDelayMs of the pages */
export function policyOf(demo: 'terminal' | 'page', recoveryDelayMs: number): RulePolicy {
  return demo === 'page' ? pagePolicy(recoveryDelayMs) : terminalPolicy()
}
