import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { hasEnded, thisOwner } from '../../src/util/node/owner.ts'

describe('the owner of a claim', () => {
  const [host, boot, namespace, pid, start] = thisOwner().split('-') as [string, string, string, string, string]
  const owner = (...parts: string[]) => parts.join('-')

  test('is this process, which runs', () => {
    expect(pid).toBe(String(process.pid))
    expect(hasEnded(thisOwner())).toBe(false)
  })

  test('has ended if its process is gone, or was of an earlier boot', async () => {
    const child = start_()
    await once(child, 'exit')
    expect(hasEnded(owner(host, boot, namespace, String(child.pid), '1'))).toBe(true)
    expect(hasEnded(owner(host, '0123456789ab', namespace, pid, start))).toBe(true)
  })

  test.skipIf(process.platform !== 'linux')('has ended if its number now belongs to a later process', () => {
    expect(hasEnded(owner(host, boot, namespace, pid, '1'))).toBe(true)
  })

  test('counts as running where that cannot be known', () => {
    expect(hasEnded(owner('0123456789ab', boot, namespace, '999999999', '1'))).toBe(false)
    expect(hasEnded(owner(host, boot, '1', '999999999', '1'))).toBe(false)
    expect(hasEnded('torn')).toBe(false)
  })

  function start_(): ChildProcess {
    return spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  }
})
