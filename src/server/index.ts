export type { AuditEventName } from './audit/entry.ts'
export type { AuditBreak, AuditBreakReason, AuditHead } from './audit/chain.ts'
export { verifyAuditLog, type AuditReport, type AuditVerification } from './audit/verify.ts'
export type { AuthorizeExport, ExportAuthorization } from './access/authorize-export.ts'
export { createServer, type LimitOptions, type Server, type ServerOptions } from './create-server.ts'
export type { ServerLimits } from './context.ts'
export type { OnCheating } from '../types.ts'
export type { Database, Isolation, Migration, Queryable, Row, Schema, SqlValue } from '../service/database/types.ts'
export type { DeliverEvents, DeliveryOptions } from './events/deliver.ts'
export { eventOutbox, type DeadEvent, type EventOutbox, type OutboxStatus, type Replay } from './events/event-outbox.ts'
export type { EventData, EventType, WalletEvent } from './events/event.ts'
export type { EventOptions } from './events/receiver.ts'
export { bumpEpoch } from './epoch.ts'
export { createMetrics, type Metrics, type MetricsOptions } from './metrics/create-metrics.ts'
export { createMonitor, type Monitor, type MonitorOptions } from './metrics/monitor.ts'
export type {
  CallMetric,
  DatabaseMetric,
  ErrorMetric,
  EventDeliveryMetric,
  HandledRequest,
  MetricEvent,
  Outcome,
  RequestMetric,
  RequestName,
  SetEventMetric,
} from './observe.ts'
export type { ApprovalDecision, ClientApproval, ListApprovalsOptions, ServerApprovals } from './approvals/operator.ts'
export type { Readiness } from './readiness.ts'
export type { PolicyAction, PolicyAnswer, PolicyConditions, PolicyDenial } from './access/conditions.ts'
export type { Policy, PolicyRequest, SignedItem } from './access/policy.ts'
export type { Approval, ApprovalState, Approver, Denial, Json, RequiredApproval } from '../wire/approvals.ts'
export type { Reservation } from './access/reservation.ts'
export type {
  DecodedIntent,
  IntendedSignature,
  IntentDecoder,
  PolicyIntent,
  RawIntent,
  VerifiedIntent,
} from '../policy/types.ts'
export type { RateLimits } from './access/rate-limits.ts'
export { apiTokens, type ApiTokens, type Authenticate, type Authenticated } from './access/tokens.ts'
export type { LockOut, Rate } from '../service/rates.ts'
export type { HookOptions } from '../service/hooks.ts'
export type { MasterKey, MasterKeys, Rotation } from '../util/master-keys.ts'
