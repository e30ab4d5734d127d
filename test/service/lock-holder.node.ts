// One process of the lock tests in database.node.test.ts: `lock-holder <directory>` holds the folder until it is killed.
import { lockDirectory } from '../../src/service/database/directory-lock.ts'

process.stdout.write('ready\n')
process.stdin.once('data', () => {
  try {
    lockDirectory(process.argv[2] as string)
    process.stdout.write('held\n')
  } catch {
    process.stdout.write('refused\n')
  }
})
