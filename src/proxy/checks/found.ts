/** Where a check goes. */
export type Place = { readonly ip: string; readonly port: number }

/** What one check found, and how in words. */
export type Found = { readonly passed: boolean; readonly why: string }
