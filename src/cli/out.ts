/** Where answers go: standard output, which takes colours when it is a terminal. */
export type Out = { readonly write: (text: string) => void; readonly colours: boolean }
