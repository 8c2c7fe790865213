import about from '../package.json' with { type: 'json' }

/** Of this product, as in package.json. */
export const { version } = about
