import { useEffect, useRef, useState } from 'preact/hooks'
import { GUARDIANS_NEEDED } from '../method-choice.ts'
import { askGuardian, listGuardians } from '../services.ts'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'
import { useLoaded } from '../state/use-loaded.ts'
import { ActionStatus } from './action-status.tsx'

/** What guardians have handed over to this device, and the identity that opens it. */
export interface CollectedParts {
  readonly parts: readonly string[]
  readonly identity: string
}

/** Who they are: shown before a backup is sealed to them. */
export function GuardianList() {
  const { client } = useDevice()
  const guardians = useLoaded(() => listGuardians(client.configuration))
  return (
    <p class="hint">
      Any {GUARDIANS_NEEDED} of {guardians.value?.map(({ name }) => name).join(', ') ?? 'your guardians'} can help you
      to recover. None of them can do it alone, and none learns your key.
    </p>
  )
}

interface GuardianPartsProps {
  readonly walletId: string
  readonly onParts: (collected: CollectedParts) => void
}

/** Asks guardians for their parts, one after the other. Each compares the fingerprint of this device first. */
export function GuardianParts({ walletId, onParts }: GuardianPartsProps) {
  const { client } = useDevice()
  const receiver = useRef<{ readonly recipient: string; readonly identity: string } | undefined>(undefined)
  const [fingerprint, setFingerprint] = useState('')
  const [parts, setParts] = useState<ReadonlyMap<string, string>>(new Map())
  const guardians = useLoaded(() => listGuardians(client.configuration))
  const asking = useAction()

  useEffect(() => {
    void import('reshare/backup/some-of').then(async ({ createPartReceiver, recipientFingerprint }) => {
      receiver.current = await createPartReceiver()
      setFingerprint(recipientFingerprint(receiver.current.recipient))
    })
  }, [])

  const ask = (name: string) =>
    asking.run(`Asking ${name}`, async () => {
      const { recipient, identity } = receiver.current!
      const cipherText = await client.cipherText('CUSTOM')
      const { text } = await askGuardian(client.configuration, { name, cipherText, recipient, fingerprint, walletId })
      const collected = new Map([...parts, [name, text]])
      setParts(collected)
      onParts({ parts: [...collected.values()], identity })
      return `${name} has handed over a part: ${collected.size} of ${GUARDIANS_NEEDED}.`
    })

  return (
    <section class="card" aria-label="Guardians">
      <p>Call your guardians and read this to them. They hand over their part only if they see the same:</p>
      <p class="fingerprint">{fingerprint || 'Making a key for this recovery…'}</p>
      <div class="buttons">
        {guardians.value?.map(({ name }) => (
          <button
            key={name}
            type="button"
            class="quiet"
            disabled={asking.isRunning || fingerprint === '' || parts.has(name)}
            onClick={() => void ask(name)}
          >
            {parts.has(name) ? `${name} has helped` : `Ask ${name}`}
          </button>
        ))}
      </div>
      <ActionStatus action={asking} />
    </section>
  )
}
