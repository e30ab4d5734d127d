import { BackupMethods, type Portal } from 'reshare/portal'

/** Portal's sample of a session on another device, by a password backup that the app's own backend keeps. */
export async function recover(portal: Portal, yourApiUrl: string, session: string, userId: string): Promise<void> {
  // Set the user's password.
  portal.setPassword('THE-USER-PASSWORD')

  // Retrieve the encrypted user backup share from your API.
  const url = `${yourApiUrl}/users/${userId}/encrypted-user-backup-shares?backupMethod=${BackupMethods.Password}`
  const response = await fetch(url, { headers: { authorization: session } })
  const { cipherText } = (await response.json()) as { cipherText: string }

  // The other devices go on signing.
  await portal.recoverWallet(cipherText, BackupMethods.Password, {}, (status) => {
    // (Optional) Show progress here.
    void status
  })
}
