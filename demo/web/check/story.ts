import type { Pilot } from './pilot.ts'

const PASSWORD = 'correct horse battery staple'

export interface StoryOptions {
  /** Whether there is an Ethereum chain. */
  readonly ethereum: boolean
  /** Called after each step with its name, such as to take a picture. */
  readonly onStep?: (step: string) => Promise<void> | void
}

/**
 * The main story as a user clicks it: a wallet is made and backed up on the phone, recovered on the laptop, both sign, one once
 * the other has approved it; a payment above the limit and a permit are denied; the laptop removes the phone, which comes back by the backup and signs the laptop out.
 *
 * @throws {Error} at the first thing that is not shown in time
 */
export async function playStory(pilot: Pilot, { ethereum, onStep = () => {} }: StoryOptions): Promise<void> {
  const phone = pilot.device('Phone')
  const laptop = pilot.device('Laptop')

  await phone.click('Create a wallet')
  await phone.sees('Your wallet')
  const address = await phone.read('Ethereum address')
  await onStep('create a wallet')

  if (ethereum) {
    await phone.click('Get 10 test ether')
    await phone.sees('10 test ether')
  }
  await phone.click('Backup')
  await phone.fill('Password', PASSWORD)
  await phone.click('Back up')
  await phone.sees('The backup is made')
  await onStep('back up by password')

  await laptop.click('Recover from a backup')
  await laptop.fill('Password', 'a wrong one')
  await laptop.click('Recover')
  await laptop.sees('This is not the password of the backup')
  await onStep('a wrong password')
  await laptop.fill('Password', PASSWORD)
  await laptop.click('Recover')
  await laptop.sees('Your wallet')
  const recovered = await laptop.read('Ethereum address')
  if (recovered !== address) throw new Error(`the laptop has the address ${recovered}, the phone ${address}`)
  await onStep('recover and keep')

  for (const [device, scheme] of [
    [phone, 'Ed25519'],
    [laptop, 'ECDSA'],
  ] as const) {
    await device.click('Sign')
    await device.choose(scheme)
    await device.click('Sign the text')
    await device.sees('Hello from my wallet')
    if (scheme === 'ECDSA') await onStep('asked before a signature')
    await device.click('Agree and sign')
    if (scheme === 'ECDSA') {
      await phone.sees('Another device asks for it')
      await onStep('asked to approve')
      await phone.click('Approve')
      await phone.sees('Approved. The other device goes on')
    }
    await device.sees('The signature was checked')
  }
  await onStep('both sign a text')
  if (ethereum) {
    await laptop.choose('Ether')
    await laptop.click('Send ether')
    await laptop.sees('Send 0.5 ether?')
    await laptop.click('Agree and sign')
    await laptop.sees('Sent 0.5 ether')
    await onStep('send ether')
    await laptop.click('Send ether')
    await laptop.click('Agree and sign')
    await laptop.sees('This is more than you may pay in an hour')
    await onStep('above the limit')
  }
  await laptop.choose('Permit')
  await laptop.click('Sign in on the site')
  await laptop.sees('Let somebody take your tokens')
  await laptop.click('Agree and sign')
  await laptop.sees('The rules of the app do not allow this')
  await onStep('a permit is caught')

  await laptop.click('Devices')
  await laptop.click('Remove Phone')
  await onStep('asked before a device is removed')
  await laptop.click('Remove the device')
  await laptop.sees('The device was removed')
  await onStep('remove a device')
  await phone.sees('This device was removed from the account')
  await onStep('a removed device')

  await phone.click('Empty this device')
  await phone.click('Recover from a backup')
  await phone.fill('Password', PASSWORD)
  await phone.choose('They are lost')
  await phone.click('Recover')
  await phone.sees('Your wallet')
  const again = await phone.read('Ethereum address')
  if (again !== address) throw new Error(`the phone has the address ${again} after recovery, and had ${address}`)
  await laptop.click('Sign')
  await laptop.click('Sign the text')
  await laptop.click('Agree and sign')
  await laptop.sees('This device was signed out of the wallet')
  await onStep('recover and retire')
}

/**
 * A thief has the user's login and password: a recovery waits, and the phone is told.
 */
export async function playCancelledRecovery(pilot: Pilot): Promise<void> {
  const phone = pilot.device('Phone')
  const thief = pilot.device('Laptop')
  await phone.click('Create a wallet')
  await phone.sees('Your wallet')
  await phone.click('Backup')
  await phone.fill('Password', PASSWORD)
  await phone.click('Back up')
  await phone.sees('The backup is made')

  await thief.click('Recover from a backup')
  await thief.fill('Password', PASSWORD)
  await thief.click('Recover')
  await thief.sees('Waiting for approval')
  await phone.sees('If this is not you')
}
