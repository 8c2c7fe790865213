/** What the access log is to hold. `share`: of requests, 0 to 1, and errors besides. */
export type AccessWish =
  | { readonly kind: 'off' | 'errors' | 'all' }
  | { readonly kind: 'share'; readonly share: number }
