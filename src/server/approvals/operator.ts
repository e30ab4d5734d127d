import { isApprovalId, type Approval } from '../../wire/approvals.ts'
import { assertObject } from '../../util/arguments.ts'
import { checkText, ID, LABEL } from '../../util/text.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { listedApproval } from './approvals-table.ts'
import { approveAsOperator, denyAsOperator, openFirst, OPERATOR_MAY_APPROVE } from './decide.ts'

/** One request for approval, and who decides it. */
export interface ApprovalDecision {
  /** The client that has asked. */
  readonly clientId: string
  /** 16 bytes in lower-case hex */
  readonly approvalId: string
  /** Who decides at the app's backend, for the log: a line of at most 128 UTF-16 code units. Default: nobody is named. */
  readonly by?: string
}

/** Options of a list. */
export interface ListApprovalsOptions {
  /** Default: the requests of all clients. */
  readonly clientId?: string
}

/** A request of some client. */
export interface ClientApproval extends Approval {
  /** The client that has asked. */
  readonly clientId: string
}

/** Requests for approval, for the app's backend. Whoever can call these functions decides for every client. */
export interface ServerApprovals {
  /** The requests that wait, and those that have ended lately: the newest 1,000. */
  list(options?: ListApprovalsOptions): Promise<readonly ClientApproval[]>
  /**
   * Approves a request, or ends the delay of one that only has to wait: it goes on at once, and no other device can cancel it
   * any more. Idempotent.
   *
   * @throws {AUTH_FAILED} if there is none, or only a device may approve it
   * @throws {POLICY_DENIED} if it was denied, or its time is over
   */
  approve(decision: ApprovalDecision): Promise<Approval>
  /**
   * Denies a request, or cancels one that only has to wait. Idempotent.
   *
   * @throws {AUTH_FAILED} if there is none
   * @throws {POLICY_DENIED} if the request has gone on
   */
  deny(decision: ApprovalDecision): Promise<Approval>
}

/** The most requests that a list has. */
const LISTED = 1000

const OF_CLIENT = '(select * from reshare_approvals where client_id = $2) asked'
/** Those that are open, and those that have ended last: what each has an index for. */
const OF_ALL = `(select * from reshare_approvals where state = 'OPEN' union all
  (select * from reshare_approvals where state <> 'OPEN' order by ended_at desc limit ${LISTED})) asked`

/** @param ready resolves once the database has its tables, and the log is open */
export function serverApprovals(context: ServerContext, ready: () => Promise<unknown>): ServerApprovals {
  return Object.freeze({
    async list(options: ListApprovalsOptions = {}) {
      const { clientId } = assertObject(options, 'list')
      if (clientId !== undefined) checkText(clientId, ID, 'clientId')
      await ready()
      const [from, parameters] = clientId === undefined ? [OF_ALL, []] : [OF_CLIENT, [clientId]]
      const rows = await context.database.query(
        `select *, ${OPERATOR_MAY_APPROVE} as may_approve from ${from} order by ${openFirst('$1')} limit ${LISTED}`,
        [timestamp(context), ...parameters],
      )
      return rows.map((row) => ({ ...listedApproval(context, row), clientId: row['client_id'] as string }))
    },
    async approve(decision: ApprovalDecision) {
      const { clientId, approvalId, by } = readDecision(decision, 'approve')
      await ready()
      return approveAsOperator(context, clientId, approvalId, by)
    },
    async deny(decision: ApprovalDecision) {
      const { clientId, approvalId, by } = readDecision(decision, 'deny')
      await ready()
      return denyAsOperator(context, clientId, approvalId, by)
    },
  })
}

function readDecision(decision: ApprovalDecision, name: string): Required<ApprovalDecision> {
  const { clientId, approvalId, by } = assertObject(decision, name)
  checkText(clientId, ID, 'clientId')
  if (!isApprovalId(approvalId)) throw new TypeError('approvalId must be 16 bytes in lower-case hex')
  if (by !== undefined) checkText(by, LABEL, 'by')
  return { clientId, approvalId, by: by === undefined || by === '' ? 'operator' : `operator ${by}` }
}
