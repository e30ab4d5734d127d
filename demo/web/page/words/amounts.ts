const ETHER_DECIMALS = 18
const BITCOIN_DECIMALS = 8
const SOL_DECIMALS = 9

/** An amount in the smallest unit as a decimal, exactly: 1500n with 3 decimals is `1.5`. */
export function decimalText(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, '0')
  const fraction = digits.slice(-decimals).replace(/0+$/, '')
  const whole = digits.slice(0, -decimals)
  return fraction === '' ? whole : `${whole}.${fraction}`
}

export const etherText = (wei: bigint): string => `${decimalText(wei, ETHER_DECIMALS)} ether`
export const bitcoinText = (satoshi: bigint): string => `${decimalText(satoshi, BITCOIN_DECIMALS)} bitcoin`
export const solText = (lamports: bigint): string => `${decimalText(lamports, SOL_DECIMALS)} SOL`
