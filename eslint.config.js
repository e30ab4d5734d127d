import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

const TYPESCRIPT = ['**/*.ts', '**/*.tsx']
const ASSEMBLY = ['assembly/**/*.ts']

const bugs = {
  eqeqeq: 'error',
  'max-lines': ['error', { max: 400 }],
  'no-console': 'error',
  'no-eval': 'error',
  'no-implicit-coercion': ['error', { allow: ['!!'] }],
  'no-new-func': 'error',
  'no-param-reassign': 'error',
  'no-self-compare': 'error',
  'no-template-curly-in-string': 'error',
  'no-unmodified-loop-condition': 'error',
  'no-var': 'error',
  // What was caught may hold a secret, so an error does not always pass it on.
  'preserve-caught-error': 'off',
  'prefer-const': 'error',
}

const typedBugs = {
  '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
  '@typescript-eslint/no-unnecessary-type-conversion': 'error',
  '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true, allowThrowingAny: true }],
  '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
  // An interface that is asynchronous for some has synchronous implementations too.
  '@typescript-eslint/require-await': 'off',
}

/** The protocol layer is synchronous and pure: time, network, randomness and scheduling come from its caller. */
const PROTOCOL_GLOBALS = [
  'Date',
  'fetch',
  'crypto',
  'performance',
  'process',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'Promise',
  'globalThis',
  'window',
  'self',
]

/** A class says no to what a second copy of it made, or another realm; and what React Native's Babel preset cannot read. */
const SOURCE_SYNTAX = [
  { selector: 'StaticBlock', message: 'React Native does not bundle it: write the statement after the class' },
  { selector: 'BinaryExpression[operator="instanceof"]', message: 'use a brand, a name (util/brand.ts) or isBytes' },
]

const PROTOCOL_SYNTAX = [
  ...SOURCE_SYNTAX,
  { selector: ':function[async=true]', message: 'protocol/ is synchronous' },
  { selector: 'AwaitExpression, ForOfStatement[await=true]', message: 'protocol/ is synchronous' },
]

export default defineConfig(
  globalIgnores([
    'dist/',
    'build/',
    'coverage/',
    'reports/',
    'src/wasm/generated.ts',
    '**/*.gen.ts',
    'bench/node_modules/',
    // Their types are those of React, React Native and Express, which are not installed here: test/hosts checks them.
    'examples/**/*.tsx',
    'examples/express-custodian/server.ts',
  ]),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  { rules: { ...js.configs.recommended.rules, ...bugs } },
  {
    files: TYPESCRIPT,
    ignores: ASSEMBLY,
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: typedBugs,
  },
  { files: ['src/**/*.ts'], rules: { 'no-restricted-syntax': ['error', ...SOURCE_SYNTAX] } },
  {
    // Arithmetic takes its inputs one by one, as the module's exports do.
    files: ['src/**/*.ts'],
    ignores: ['src/wasm/**', 'src/curve/wasm/**', 'src/protocol/ecdsa/ot/**'],
    rules: { 'max-params': ['error', 4] },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'use a RandomSource' }],
    },
  },
  {
    files: ['src/protocol/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...PROTOCOL_GLOBALS.map((name) => ({ name, message: 'protocol/ is pure' }))],
      'no-restricted-syntax': ['error', ...PROTOCOL_SYNTAX],
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/util/random.ts'], allowTypeImports: true, message: 'randomness is handed in' }] },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...['test', 'it', 'describe'].flatMap((object) =>
          ['only', 'todo', 'fails'].map((property) => ({ object, property })),
        ),
      ],
      'no-console': 'off',
      'max-lines': 'off',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // What a test reads back from outside is checked by its expectations.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['demo/**', 'scripts/**', 'bench/**', 'load/**', 'test/hosts/**', 'site/**'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        ['process', 'console', 'URL', 'Buffer', 'performance', 'WebAssembly', 'fetch', 'setTimeout', 'clearTimeout']
          .concat([
            'AbortController',
            'AbortSignal',
            'Headers',
            'Request',
            'Response',
            'TextEncoder',
            'TextDecoder',
            'crypto',
            'setInterval',
          ])
          .map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    // AssemblyScript parses as TypeScript with decorators in odd places, and has types of its own: no typed rules.
    files: ASSEMBLY,
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { errorOnTypeScriptSyntacticAndSemanticIssues: false, allowInvalidAST: true },
    },
    rules: {
      eqeqeq: 'off',
      'no-undef': 'off',
      'no-unused-vars': 'off',
      'no-redeclare': 'off',
      'no-param-reassign': 'off',
    },
  },
)
