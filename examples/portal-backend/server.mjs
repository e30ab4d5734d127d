// A backend as Portal's guide to self-managed backups shows it: Express, 204 answers, one row for each user and method.
// Nothing in it knows of reshare. Its tables are maps here; a real one keeps its rows in a database, the shares encrypted.
import express from 'express'

/**
 * @param {object} options
 * @param {string} options.webhookSecret what the signing server sends
 * @param {(authorization: string | undefined) => string | undefined} options.userOf the app's user, by the request's header
 * @param {(userId: string) => string} options.clientOf the user's client id at the signing server
 */
export function createBackend({ webhookSecret, userOf, clientOf }) {
  /** The custodian's shares: client → method → share. @type {Map<string, Map<string, string>>} */
  const custodianBackupShares = new Map()
  /** The cipherTexts: user → method → text. @type {Map<string, Map<string, string>>} */
  const userBackupShares = new Map()

  const app = express()
  app.use(express.json({ limit: '256kb' }))

  app.use('/webhook', (req, res, next) => {
    if (req.get('x-webhook-secret') === webhookSecret) next()
    else res.status(401).send()
  })
  app.post('/webhook/backup', (req, res) => {
    const { backupMethod, clientId, share } = req.body
    rowsOf(custodianBackupShares, clientId).set(backupMethod, share)
    res.status(204).send()
  })
  app.post('/webhook/backup/fetch', (req, res) => {
    res.status(200).send({ backupShares: [...rowsOf(custodianBackupShares, req.body.clientId).values()] })
  })

  app.use('/users/:userId', (req, res, next) => {
    if (userOf(req.get('authorization')) === req.params.userId) next()
    else res.status(401).send()
  })
  app.put('/users/:userId/encrypted-user-backup-shares', (req, res) => {
    const { backupMethod, cipherText } = req.body
    rowsOf(userBackupShares, req.params.userId).set(backupMethod, cipherText)
    res.status(204).send()
  })
  app.get('/users/:userId/encrypted-user-backup-shares', (req, res) => {
    const cipherText = rowsOf(userBackupShares, req.params.userId).get(String(req.query['backupMethod']))
    if (cipherText === undefined) res.status(404).send()
    else res.status(200).send({ cipherText })
  })
  // The older guide: the newest text of a client, under another name.
  app.get('/clients/:clientId/backup', (req, res) => {
    const userId = userOf(req.get('authorization'))
    if (userId === undefined || clientOf(userId) !== req.params.clientId) return void res.status(401).send()
    res.status(200).send({ backupShare: [...rowsOf(userBackupShares, userId).values()].at(-1) })
  })
  return app
}

/**
 * @param {Map<string, Map<string, string>>} table
 * @param {string} key
 */
function rowsOf(table, key) {
  const rows = table.get(key) ?? new Map()
  table.set(key, rows)
  return rows
}
