import { expect, test } from 'vitest'
import * as plans from '../../load/ha/plan.mjs'

const ports = Array.from({ length: plans.PORTS }, (_, i) => 20_000 + i)
const parts = { folder: '/data', password: 'the password', synchronous: true, ports }
const plan = plans.createPlan(parts)

/** What listens and what is asked, from the lines of a configuration of HAProxy. */
function listeners(config: string) {
  return {
    binds: [...config.matchAll(/bind 127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port)),
    servers: [...config.matchAll(/server \w+ 127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port)),
  }
}

test('every port is given to one listener', () => {
  const { etcds, nodes, haproxyPort, pgbouncerPort } = plan
  const given = [
    ...etcds.flatMap(({ clientPort, peerPort }) => [clientPort, peerPort]),
    ...nodes.flatMap(({ postgresPort, restPort, postgresPublicPort, restPublicPort, etcdPorts }) => [
      ...[postgresPort, restPort, postgresPublicPort, restPublicPort],
      ...etcdPorts,
    ]),
    haproxyPort,
    pgbouncerPort,
  ]
  expect(given.toSorted((a, b) => a - b)).toEqual(ports)
})

test('a plan is refused with a port that is missing or given twice', () => {
  expect(() => plans.createPlan({ ...parts, ports: ports.slice(1) })).toThrow(RangeError)
  expect(() => plans.createPlan({ ...parts, ports: [...ports.slice(1), 20_001] })).toThrow(RangeError)
})

test('a node is reached, and reaches etcd, through its network alone', () => {
  for (const node of plan.nodes) {
    const config = plans.patroniConfig(plan, node, '/bin')
    const network = listeners(plans.networkConfig(plan, node))
    expect(network.binds).toEqual([node.postgresPublicPort, node.restPublicPort, ...node.etcdPorts])
    expect(network.servers).toEqual([
      ...[node.postgresPort, node.restPort],
      ...plan.etcds.map(({ clientPort }) => clientPort),
    ])
    expect(config.etcd3).toEqual({ hosts: node.etcdPorts.map((port) => `127.0.0.1:${port}`), use_proxies: true })
    expect(config.postgresql.connect_address).toBe(`127.0.0.1:${node.postgresPublicPort}`)
    expect(config.restapi.connect_address).toBe(`127.0.0.1:${node.restPublicPort}`)
  }
})

test('PgBouncer asks HAProxy, and HAProxy the nodes', () => {
  const haproxy = plans.haproxyConfig(plan)
  expect(plans.pgbouncerConfig(plan)).toContain(`port=${plan.haproxyPort} `)
  expect(listeners(haproxy)).toEqual({
    binds: [plan.haproxyPort],
    servers: plan.nodes.map(({ postgresPublicPort }) => postgresPublicPort),
  })
  for (const { restPublicPort } of plan.nodes) expect(haproxy).toContain(`check port ${restPublicPort}\n`)
})

test('an etcd knows all members', () => {
  for (const etcd of plan.etcds) {
    const words = plans.etcdArguments(plan, etcd)
    const members = plan.etcds.map(({ name, peerPort }) => `${name}=http://127.0.0.1:${peerPort}`)
    expect(words[words.indexOf('--initial-cluster') + 1]).toBe(members.join())
    expect(words[words.indexOf('--initial-advertise-peer-urls') + 1]).toBe(`http://127.0.0.1:${etcd.peerPort}`)
    // Other accounts of the machine see arguments.
    expect(words.join(' ')).not.toContain(plan.password)
  }
})

test.for([true, false])('a synchronous standby is required if it is asked for: %s', (synchronous) => {
  const other = plans.createPlan({ ...parts, synchronous })
  for (const node of other.nodes) {
    const { dcs } = plans.patroniConfig(other, node, '/bin').bootstrap
    expect(dcs).toMatchObject({ synchronous_mode: synchronous, synchronous_mode_strict: synchronous })
  }
})

test('the lock outlasts what Patroni takes to renew it', () => {
  for (const node of plan.nodes) {
    const { ttl, loop_wait: pause, retry_timeout: retry } = plans.patroniConfig(plan, node, '/bin').bootstrap.dcs
    expect(pause + 2 * retry).toBeLessThanOrEqual(ttl)
  }
})
