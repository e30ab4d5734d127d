import type { Curve } from '../types.ts'

/** The suite of a hash: a curve, the BIP 340 signatures of secp256k1, or all curves of a wallet. */
export type TagSuite = Curve | 'bip340' | 'wallet'

/** All labels of hashes, by protocol. Each label is used for one kind of statement. */
const LABELS = {
  keygen: ['ctx', 'sid', 'com', 'echo', 'pok', 'cc', 'T', 'pop', 'set', 'expand'],
  reshare: ['ctx', 'sid', 'com', 'echo', 'pok', 'T', 'pop', 'set', 'expand'],
  import: ['ctx', 'sid', 'com', 'echo', 'pok', 'cc', 'T', 'pop', 'set', 'seal', 'expand'],
  frost: ['ctx', 'sid', 'echo', 'expand'],
  possession: ['proof', 'export', 'begin', 'expand'],
  'ecdsa-setup': [
    'ctx',
    'sid',
    'echo',
    'ot',
    'ot-offer',
    'ot-context',
    'ot-key',
    'ot-reversed-key',
    'zero-com',
    'zero-seed',
    'transcript',
    'digest',
  ],
  ecdsa: [
    'ctx',
    'seen',
    'sign',
    'sign-sid',
    'echo',
    'com-R',
    'zero-share',
    'preprocessing',
    'complete',
    'ote',
    'ote-prg',
    'ote-u',
    'ote-chi',
    'ote-t',
    'ote-x',
    'ote-pad',
    'vole',
    'vole-context',
    'vole-matrix',
    'vole-chi',
    'vole-check',
    'vole-message',
    'gadget',
    'expand',
  ],
  share: ['wallet-set'],
  operation: ['setup', 'begin', 'export', 'intent', 'limits', 'item', 'batch', 'batch-item'],
  channel: ['request', 'response'],
  join: ['code', 'inviting', 'joining'],
  backup: ['part', 'recipient'],
  // Labels for drawing randomness, see hedge.ts.
  hedge: [
    'stream',
    'draw',
    'proof nonce',
    'dealing',
    'frost nonces',
    'operation',
    'ecdsa session nonce',
    'ecdsa nonces',
    'ecdsa choices',
    'ecdsa inputs',
    'base OTs',
    'challenge',
    'ephemeral key',
    'receiver key',
    'response nonce',
    'seal nonce',
    'store key',
    'part share',
  ],
} as const

/** A protocol whose hashes have labels. */
export type TaggedProtocol = keyof typeof LABELS
/** A label of a protocol's hashes. */
export type Label<P extends TaggedProtocol> = (typeof LABELS)[P][number]

/** The domain-separation tag of a label: `reshare/v1/<suite>/<protocol>/<label>`. */
export function tag<P extends TaggedProtocol>(suite: TagSuite, protocol: P, label: Label<P>): string {
  return `reshare/v1/${suite}/${protocol}/${label}`
}

const SUITES: Readonly<Record<TagSuite, true>> = { secp256k1: true, ed25519: true, bip340: true, wallet: true }

/**
 * All tags that {@link tag} can make.
 *
 * @internal tests use it
 */
export function allTags(): string[] {
  return Object.keys(SUITES).flatMap((suite) =>
    Object.entries(LABELS).flatMap(([protocol, labels]) =>
      labels.map((label) => `reshare/v1/${suite}/${protocol}/${label}`),
    ),
  )
}
