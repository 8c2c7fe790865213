/** What the output of a template can be held to. */
export const formats = ['json', 'toml', 'yaml', 'ini', 'xml'] as const
export type Format = (typeof formats)[number]
