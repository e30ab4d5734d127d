// @ts-check
import { randomBytes } from 'node:crypto'
import { versionOf } from '../support/built.mjs'
import { compiledExample, found } from '../support/examples.mjs'

export const name = 'example-policy-and-events'
export const what = 'examples/policy-and-events, whose events go to examples/webhook-receiver'
export const group = 'examples'
export const version = versionOf('standardwebhooks')

/** What the program prints, in this order. */
const SAID = [
  '0\\.05 ether to the shop: 0x02[0-9a-f]+',
  '.*: 2000420000000000000 of ethereum:1 is more than 1000000000000000000; .*',
  '2 ether to the shop: the policy denies sign',
  '.*recipients: 0x0{36}dead is none of them; .*',
  '0\\.05 ether to a stranger: the policy denies sign',
  'an order of the shop: 0x[0-9a-f]{130}',
  '.*domains: Refund is not allowed in this domain',
  'a refund in the shop’s domain: the policy denies sign',
  '.*raw names no chain; .*',
  'a digest of nobody knows what: the policy denies sign',
  '0\\.5 ether to the shop: APPROVAL_REQUIRED: .*is more than 100000000000000000.*',
  'approved: (0x02[0-9a-f]+)',
]

/** The events that the receiver has verified, in this order. */
const EVENTS = ['set.created', 'set.proven', 'approval.requested', 'approval.granted', 'approval.used']

/** @param {import('../support/context.mjs').Context} context */
export async function run(context) {
  const [program, backend] = [
    await compiledExample(context, 'policy-and-events'),
    await compiledExample(context, 'webhook-receiver'),
  ]
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  const receiver = await context.start(process.execPath, ['dist/server.js'], {
    cwd: backend,
    env: { PORT: '0', RESHARE_EVENTS_SECRET: secret },
  })
  try {
    const env = { RESHARE_EVENTS_URL: receiver.ready.url, RESHARE_EVENTS_SECRET: secret }
    const output = await context.run(process.execPath, ['dist/main.js'], { cwd: program, env })
    found(output, new RegExp(`^${SAID.join('\\n')}\\n$`))
    found(receiver.output(), new RegExp(`(${EVENTS.map((type) => `ann \\d+ ${type}\\n`).join('')})$`))
    return `a payment passes, others are denied, one is approved (ecdsa); ${EVENTS.length} events arrive`
  } finally {
    await receiver.stop()
  }
}
