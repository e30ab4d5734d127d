// @ts-check
export { Bench } from 'tinybench'
