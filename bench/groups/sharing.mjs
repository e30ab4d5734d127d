// @ts-check
// Splitting and recombining 32 secret bytes against the two sharing libraries, which work in GF(256) and do not know what
// a key is; ours are scalars of ed25519, so that a share can sign.
import { getGroup } from '../../dist/curve/index.js'
import { recombine, split } from '../../dist/secret-sharing/shamir.js'
import { partyId } from '../../dist/types.js'
import { systemRandom as random } from '../../dist/util/random.js'
import { panelsOf, play, printMatches } from '../support/match.mjs'
import { optional } from '../support/peers.mjs'

export const title = 'Sharing'
export const caption = 'time over that of reshare'

const SIZES = [
  { threshold: 2, count: 3 },
  { threshold: 5, count: 9 },
  { threshold: 50, count: 100 },
]

const OPERATIONS = SIZES.flatMap(({ threshold, count }) => [
  { key: `split.${count}`, title: `split, ${threshold} of ${count}` },
  { key: `recombine.${count}`, title: `recombine, ${threshold} of ${count}` },
])

/** @param {import('../support/context.mjs').Context} context */
export async function run({ inputs, pace }) {
  const others = await Promise.all(['shamir-secret-sharing', 'secrets-grempe'].map(optional))
  const group = getGroup('ed25519')
  const secret = group.decodeScalar(/** @type {Uint8Array} */ (inputs.ed25519.scalars[0]))
  /** @type {import('../support/match.mjs').Library} */
  const ours = { name: 'reshare', operations: async () => Object.fromEntries(SIZES.flatMap(own)) }
  const theirs = others.flatMap((library) => library?.sharing(secret, SIZES) ?? [])
  return await play(OPERATIONS, [ours, ...theirs], inputs, pace)

  /** @param {typeof SIZES[number]} size @returns {[string, import('../support/match.mjs').Way][]} */
  function own({ threshold, count }) {
    const ids = Array.from({ length: count }, (_, i) => partyId(i + 1))
    const shares = split(group, secret, threshold, ids, random).slice(-threshold)
    return [
      [`split.${count}`, { differs: true, run: () => split(group, secret, threshold, ids, random) }],
      [`recombine.${count}`, { run: () => recombine(group, shares, threshold) }],
    ]
  }
}

export { panelsOf as panels, printMatches as print }
