import type { Denial } from 'reshare'

/** What happened, and what to do. */
export type Words = readonly [title: string, advice: string]

/** What has denied a request, in the user's words. */
const WORDS: Readonly<Record<Denial['by'], Words>> = {
  sum: ['This is more than you may pay in an hour.', 'Pay less, or wait. Nothing was signed.'],
  approver: ['Another device has stopped it, or nobody has approved it.', 'Nothing has changed.'],
  policy: ['The rules of the app do not allow this.', 'Nothing was signed, and nothing is lost.'],
}

/** What has denied a request, with the reason of the app's policy, if it says one. */
export function denialWords({ by, reason }: Denial): Words {
  const [title, advice] = WORDS[by]
  return [title, by === 'policy' && reason !== '' ? `${advice} The reason: ${reason}.` : advice]
}
