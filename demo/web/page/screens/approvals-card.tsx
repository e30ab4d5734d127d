import type { Approval } from 'reshare'
import { ActionStatus } from '../parts/action-status.tsx'
import { SignedRows } from '../parts/signed-rows.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'
import { useLoaded } from '../state/use-loaded.ts'
import { approvalWords, waitWords } from '../words/approvals.ts'

const EVERY_MS = 3_000

/** What this device or another one has asked for, and what waits for an approval or for its time. */
export function ApprovalsCard() {
  const { client } = useDevice()
  const deciding = useAction()
  const approvals = useLoaded(async () => (await client.approvals()).filter(isOpen), EVERY_MS)

  const approve = (approvalId: string) =>
    deciding.run('Approving', async () => {
      await client.approve(approvalId)
      await approvals.reload()
      return 'Approved. The other device goes on.'
    })
  const deny = (approvalId: string) =>
    deciding.run('Denying', async () => {
      await client.deny(approvalId)
      await approvals.reload()
      return 'Denied. It does not go on.'
    })

  return (
    <div class="approvals" aria-live="polite">
      {approvals.value?.map((approval) => (
        <ApprovalCard
          key={approval.approvalId}
          approval={approval}
          isBusy={deciding.isRunning}
          onApprove={() => void approve(approval.approvalId)}
          onDeny={() => void deny(approval.approvalId)}
        />
      ))}
      <ActionStatus action={deciding} />
    </div>
  )
}

/** Waiting for an approval; or for its time, also once that has come. */
const isOpen = ({ state, approver }: Approval) => state === 'WAITING' || (state === 'READY' && approver === null)

interface ApprovalCardProps {
  readonly approval: Approval
  readonly isBusy: boolean
  readonly onApprove: () => void
  readonly onDeny: () => void
}

function ApprovalCard({ approval, isBusy, onApprove, onDeny }: ApprovalCardProps) {
  const words = approvalWords(approval)
  return (
    <section class="card" aria-label={words.title}>
      <h3>{words.title}?</h3>
      <p class="hint">{waitWords(approval)}</p>
      <SignedRows words={words} />
      <div class="buttons">
        {approval.mayApprove && (
          <button type="button" disabled={isBusy} onClick={onApprove}>
            Approve
          </button>
        )}
        <button type="button" class="quiet danger" disabled={isBusy} onClick={onDeny}>
          Deny
        </button>
      </div>
    </section>
  )
}
