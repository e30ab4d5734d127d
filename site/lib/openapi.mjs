// @ts-check
// An OpenAPI document of docs/reference as a page: operations, then the types of their bodies.
import { shapeOf, table, typeOf } from './json-schema.mjs'

/** @typedef {Record<string, any>} Json a part of an OpenAPI document */

/**
 * @param {Json} api
 * @param {string} file the document's name, beside the page
 * @param {string} toRoot the path from the page's folder to the repository's
 * @returns {string} Markdown
 */
export function openapiPage(api, file, toRoot) {
  const { info, servers, tags, paths, components } = api
  const operations = Object.entries(paths).flatMap(([path, { parameters = [], ...methods }]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation, parameters })),
  )
  const groups = tags.map((/** @type {Json} */ { name, description }) => [
    `## ${name[0].toUpperCase()}${name.slice(1)}`,
    description,
    ...operations
      .filter(({ operation }) => operation.tags.includes(name))
      .flatMap((operation) => operationSection(api, operation)),
  ])
  const server = servers.map((/** @type {Json} */ { url, description }) => `\`${url}\`: ${description}`)
  const blocks = [
    `# ${info.title}: HTTP API ${info.version}`,
    info.description,
    `[${file}](${file}) is this page for programs: OpenAPI ${api.openapi}.`,
    ...server,
    ...groups.flat(),
    '## Credentials',
    table(['name', 'what'], securityRows(components.securitySchemes)),
    '## Types',
    ...Object.entries(components.schemas).flatMap(([name, schema]) => [`### ${name}`, ...shapeOf(schema)]),
    '',
  ]
  return blocks
    .filter((block) => block !== undefined)
    .join('\n\n')
    .replace(/`(docs\/[\w/-]+[.]md)`/g, (_, page) => `[${page}](${toRoot}${page})`)
}

/** @param {Json} api @param {{ path: string, method: string, operation: Json, parameters: Json[] }} where */
function operationSection(api, { path, method, operation, parameters }) {
  const security = operation.security ?? api['security']
  const names = security.flatMap((/** @type {Json} */ scheme) => Object.keys(scheme))
  const credentials =
    names.length === 0 ? 'No credentials.' : `Credentials: ${names.join(', ')} ([what they are](#credentials)).`
  const all = [...parameters, ...(operation.parameters ?? [])]
  return [
    `### ${operation.summary}`,
    `\`${method.toUpperCase()} ${path}\``,
    operation.description,
    credentials,
    all.length > 0
      ? table(
          ['parameter', 'in', 'type', 'what'],
          all.map(({ name, in: place, required, schema, description }) => [
            `\`${name}\``,
            required ? place : `${place}, optional`,
            typeOf(schema),
            description,
          ]),
        )
      : undefined,
    ...bodySection('Request', operation.requestBody),
    '#### Responses',
    table(
      ['status', 'body', 'what'],
      Object.entries(operation.responses).map(([status, response]) => {
        const found = resolve(api, response)
        return [
          status,
          contentOf(found)
            .map(([kind, { schema }]) => bodyType(kind, schema))
            .join(', '),
          found.description,
        ]
      }),
    ),
    ...Object.entries(operation.responses).flatMap(([status, response]) =>
      response.$ref === undefined ? examplesOf(`Example of ${status}`, response) : [],
    ),
  ]
}

/** @param {string} title @param {Json | undefined} body */
function bodySection(title, body) {
  if (body === undefined) return []
  const types = contentOf(body).map(([kind, { schema }]) => bodyType(kind, schema))
  const text = `#### ${title}\n\n${types.join(', ')}${body['required'] ? '' : ', optional'}. ${body['description'] ?? ''}`
  return [text, ...examplesOf('Example', body)]
}

/** @param {string} kind @param {Json} schema */
function bodyType(kind, schema) {
  return `${typeOf(schema)} as \`${kind}\``
}

/** @param {string} title @param {Json} body */
function examplesOf(title, body) {
  return contentOf(body).flatMap(([, { example, examples = {} }]) => {
    const values = example === undefined ? Object.values(examples).map(({ value }) => value) : [example]
    return values.map((value) => `${title}:\n\n\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``)
  })
}

/** @param {Json} body @returns {[string, Json][]} */
function contentOf(body) {
  return Object.entries(body['content'] ?? {})
}

/** @param {Json} api @param {Json} part @returns {Json} */
function resolve(api, part) {
  if (part['$ref'] === undefined) return part
  return part['$ref']
    .slice(2)
    .split('/')
    .reduce((/** @type {Json} */ found, /** @type {string} */ name) => found[name], api)
}

/** @param {Json} schemes */
function securityRows(schemes) {
  return Object.entries(schemes).map(([name, { type, scheme, in: place, name: header, description }]) => [
    name,
    `${type === 'http' ? `HTTP ${scheme}` : `the ${place} \`${header}\``}. ${description}`,
  ])
}
