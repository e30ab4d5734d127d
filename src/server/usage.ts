/** The program's help text. */
export const USAGE = `reshare-server                    starts the signing server on loopback
reshare-server --dev-custodian    the same with its own custodian, stored in the data folder: for development only
reshare-server token <clientId>   prints a new API token for a client
reshare-server rotate             reseals with the current master key what previous ones have sealed
reshare-server approvals [clientId]  prints the requests that wait for an approval or a time, and those that ended lately, as JSON
reshare-server approve <clientId> <approvalId>  approves one of them
reshare-server deny <clientId> <approvalId>  denies one of them
reshare-server check-database     tries on the database what the server relies on; exits with status 1 if something is missing
reshare-server channel-key        generates a channel key: prints the secret key and the public key that clients pin
reshare-server audit [--json] [FILE]  verifies the log of share-set events, and that it continues from the heads in FILE,
                                  the output of an earlier --json; exits with status 1 if it is broken
reshare-server events             prints how far the deliveries of events are, and the events that were given up
reshare-server events replay ID   delivers an event again; or all of a time, by two times in UTC (from, to); or all that were
                                  given up, by the word dead
reshare-server events resume      delivers again to a receiver that has responded with status 410
reshare-server move-client <clientId> [--unused | --cancel]  moves a client from this database to the target, while it signs; call it
                                  again until it prints "moved": the rows here are deleted once the client has signed there,
                                  or with --unused. --cancel keeps the client here
reshare-server restore-moves      after this database was restored: clients that have moved to the target leave it again
reshare-server --help             prints this

RESHARE_MASTER_KEY       64 hex digits; without it, a key is generated and stored in the data folder
RESHARE_MASTER_KEY_ID    its id, 1 to 255 (1)
RESHARE_PREVIOUS_MASTER_KEYS  id:key, separated by commas: keys that still open what they have sealed
RESHARE_CHANNEL_KEY      64 hex digits: clients seal their requests to it; or several, separated by commas, current first
RESHARE_REQUIRE_SEALED   true: requests that are not sealed are refused
RESHARE_DATA_DIR         the data folder (./reshare-data)
DATABASE_URL             PostgreSQL; without it, an embedded database in the data folder
RESHARE_TARGET_DATABASE_URL  the other PostgreSQL, for move-client and restore-moves
RESHARE_TARGET_MASTER_KEY, RESHARE_TARGET_MASTER_KEY_ID  its master key, 64 hex digits, and the id of that (1), for move-client
RESHARE_CUSTODIAN_URL    the app's backend; without it, no backups and no recoveries
RESHARE_WEBHOOK_SECRET   authenticates the server to the backend: 16 or more printable ASCII characters
RESHARE_EVENTS_URL       where events are sent, as Standard Webhooks; without it, none are recorded
RESHARE_EVENTS_SECRET    signs them: whsec_ and 24 to 64 bytes in base64; or several, separated by commas
RESHARE_ALLOWED_ORIGINS  origins whose pages may call the server, separated by commas
RESHARE_ON_CHEATING      refuse (default) or ephemeralSetup: how ECDSA works for a set whose client cheated
HOST, PORT               where to listen (127.0.0.1, 8787; port 0 for any free port)
RESHARE_MONITOR_PORT     where /health, /ready and /metrics are, apart from the API; without it, nowhere
RESHARE_MONITOR_HOST     the address of that port (127.0.0.1)
RESHARE_METRICS_TOKEN    whoever sends it may read /metrics: 16 or more printable ASCII characters; without it, nobody
RESHARE_LOG              text (default) or json: the log on stderr
RESHARE_LOG_LEVEL        error, warn (default) or info, which has a line for each request

A secret may be in a file: RESHARE_MASTER_KEY_FILE is the path of a file with RESHARE_MASTER_KEY. So may
RESHARE_PREVIOUS_MASTER_KEYS, RESHARE_CHANNEL_KEY, DATABASE_URL, RESHARE_WEBHOOK_SECRET, RESHARE_EVENTS_SECRET,
RESHARE_METRICS_TOKEN, RESHARE_TARGET_DATABASE_URL and RESHARE_TARGET_MASTER_KEY.
`

/** The environment variables that it reads. */
export const SETTINGS = [
  ...['RESHARE_MASTER_KEY', 'RESHARE_MASTER_KEY_ID', 'RESHARE_PREVIOUS_MASTER_KEYS', 'RESHARE_CHANNEL_KEY'],
  ...['RESHARE_REQUIRE_SEALED', 'RESHARE_DATA_DIR', 'DATABASE_URL', 'RESHARE_CUSTODIAN_URL', 'RESHARE_WEBHOOK_SECRET'],
  ...['RESHARE_EVENTS_URL', 'RESHARE_EVENTS_SECRET', 'RESHARE_ALLOWED_ORIGINS', 'RESHARE_ON_CHEATING'],
  ...['HOST', 'PORT', 'RESHARE_MONITOR_PORT'],
  ...['RESHARE_TARGET_DATABASE_URL', 'RESHARE_TARGET_MASTER_KEY', 'RESHARE_TARGET_MASTER_KEY_ID'],
  ...['RESHARE_MONITOR_HOST', 'RESHARE_METRICS_TOKEN', 'RESHARE_LOG', 'RESHARE_LOG_LEVEL'],
]
