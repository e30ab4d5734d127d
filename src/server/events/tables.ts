/** The statements that create the tables of events. */
export const eventTables: readonly string[] = [
  // What the app's backend is to be told of, in the order of each client's audit log: written with the entry.
  `create table reshare_events (
     client_id text not null,
     sequence int not null,
     event_id text not null unique,
     type text not null,
     created_at timestamptz not null,
     body text not null,
     -- Whether its client was put into the queue since.
     queued boolean not null default false,
     attempts int not null default 0,
     -- Why the last attempt failed.
     failure text,
     outcome text check (outcome in ('delivered', 'dead')),
     ended_at timestamptz,
     primary key (client_id, sequence)
   )`,
  `create index reshare_events_new on reshare_events (client_id, sequence) where not queued`,
  `create index reshare_events_pending on reshare_events (client_id, sequence) where ended_at is null`,
  `create index reshare_events_oldest on reshare_events (created_at) where ended_at is null`,
  `create index reshare_events_ended on reshare_events (outcome, ended_at) where ended_at is not null`,
  // The clients with pending events. Only deliveries write to it, so that they conflict with no operation of the client.
  `create table reshare_event_queue (
     client_id text primary key,
     due_at timestamptz not null,
     -- Of the delivery that works on the client until it is due.
     lease_token bytea
   )`,
  `create index reshare_event_queue_due on reshare_event_queue (due_at)`,
  // The receivers, by the SHA-256 hash of their URLs, that want no more events.
  `create table reshare_event_receivers_gone (
     url_hash bytea primary key,
     gone_at timestamptz not null
   )`,
]
