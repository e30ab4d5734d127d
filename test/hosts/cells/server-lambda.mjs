// @ts-check
import { mountedAs } from '../support/mounted.mjs'

/** Calls the handler as Lambda does: with text, or base64 of anything else, and one that says which it returns. */
const GATEWAY = `const listener = createServer(async (request, response) => {
  const bytes = Buffer.concat(await request.toArray())
  const [rawPath, rawQueryString = ''] = request.url.split('?')
  const http = { method: request.method, path: rawPath }
  const isBase64Encoded = !/json/.test(request.headers['content-type'] ?? '')
  const body = bytes.length === 0 ? undefined : bytes.toString(isBase64Encoded ? 'base64' : 'utf8')
  const requestContext = { domainName: 'id.lambda-url.example', http }
  const event = { version: '2.0', rawPath, rawQueryString, headers: request.headers, requestContext, body, isBase64Encoded }
  const result = await app.handler(event)
  response.writeHead(result.statusCode, result.headers)
  response.end(Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8'))
}).listen(0, '127.0.0.1')
await once(listener, 'listening')
const url = \`http://127.0.0.1:\${listener.address().port}\``

export const name = 'server-lambda'
export const what = 'a handler of AWS Lambda, called with events of an HTTP API (payload 2.0)'
export const group = 'servers'
export const version = () => `Node ${process.versions.node}`
export const { run } = mountedAs(name, GATEWAY)
