// @ts-check

/**
 * What must be so of the server's tables at any time after its time-outs, by a query for what is not.
 *
 * @type {readonly (readonly [name: string, sql: string])[]}
 */
export const INVARIANTS = [
  [
    'an approval was used by an operation that has had no effect',
    `select approval_id from reshare_approvals used
     where state = 'USED' and operation_id is not null and not exists (select 1 from reshare_decisions decided
       where decided.client_id = used.client_id and decided.operation_id = used.operation_id and decision = 'COMMIT')`,
  ],
  [
    'an approval can be used although the operation that used it has had its effect',
    `select approval_id from reshare_approvals open join reshare_decisions decided using (client_id, operation_id)
     where state = 'OPEN' and decision = 'COMMIT'`,
  ],
  [
    'a set was retired before another had proven to work',
    `select old.set_id from reshare_sets old
     where old.purpose = 'signing' and old.state in ('RETIRING', 'DESTROYED')
       and exists (select 1 from reshare_retirements planned where planned.old_set_id = old.set_id)
       and not exists (select 1 from reshare_retirements planned join reshare_sets heir on heir.set_id = planned.set_id
         where planned.old_set_id = old.set_id and heir.proven_at is not null)`,
  ],
  [
    'a set and the decision about it differ',
    `select made.set_id from reshare_sets made join reshare_decisions decided
       on decided.client_id = made.client_id and decided.operation_id = made.operation_id
     where (decided.decision = 'COMMIT') <> (made.committed_at is not null)
        or (decided.decision = 'ABORT' and made.state <> 'ABORTED')`,
  ],
  [
    'a set is undecided after every time-out',
    `select set_id from reshare_sets where state = 'PREPARED' and committed_at is null`,
  ],
  [
    'a set that is over still has secrets',
    `select set_id from reshare_sets over where state in ('RETIRING', 'DESTROYED', 'ABORTED') and (
       exists (select 1 from reshare_shares kept where kept.set_id = over.set_id)
       or exists (select 1 from reshare_ot_states kept where kept.set_id = over.set_id)
       or exists (select 1 from reshare_preprocessings kept where kept.set_id = over.set_id))`,
  ],
  [
    'a limited set has made a wider one',
    `select made.set_id from reshare_sets made join reshare_sets source on source.set_id = made.source_set_id
     where source.purpose = 'signing' and (source.scope is not null or source.expires_at is not null)
       and (made.scope is distinct from source.scope or made.expires_at is distinct from source.expires_at)`,
  ],
  [
    'a set in use has no share',
    `select set_id from reshare_sets used where state = 'ACTIVE' and purpose = 'signing'
       and not exists (select 1 from reshare_shares kept where kept.set_id = used.set_id)`,
  ],
]
