import { createCustodian, type CustodianApp } from 'reshare/custodian'
import { pgliteDatabase } from 'reshare/server/pglite'
import { setting, userOf } from './session'

/** Each route of Next.js may have modules of its own, and the embedded database can be open once only. */
const shared = globalThis as { custodian?: CustodianApp }

/** The custodian: it keeps a share of each backup, and the cipherTexts. */
export const custodian = (): CustodianApp =>
  (shared.custodian ??= createCustodian({
    database: pgliteDatabase(process.env['DATA_FOLDER'] ?? './custodian-data'), // several processes: `postgresDatabase(url)`
    masterKey: Buffer.from(setting('CUSTODIAN_MASTER_KEY'), 'hex'),
    webhookSecret: setting('RESHARE_WEBHOOK_SECRET'),
    authenticateUser: ({ headers }) => userOf(headers),
  }))
