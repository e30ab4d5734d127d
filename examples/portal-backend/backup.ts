import { BackupMethods, type Portal } from 'reshare/portal'

/** Portal's sample of a backup with a password, kept by the app's own backend. */
export async function backUp(portal: Portal, yourApiUrl: string, session: string, userId: string): Promise<void> {
  // Set the user's password.
  portal.setPassword('THE-USER-PASSWORD')

  // Run backup.
  const { cipherText, storageCallback } = await portal.backupWallet(BackupMethods.Password, (status) => {
    // (Optional) Show progress here.
    void status
  })

  // Store the encrypted user backup share on your API.
  const response = await fetch(`${yourApiUrl}/users/${userId}/encrypted-user-backup-shares`, {
    method: 'PUT',
    headers: { authorization: session, 'content-type': 'application/json' },
    body: JSON.stringify({ backupMethod: BackupMethods.Password, cipherText }),
  })
  if (!response.ok) throw new Error('the backup was not stored')

  // Only now does the backup count.
  await storageCallback()
}
