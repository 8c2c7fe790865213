/** How version 2 of the PROXY protocol begins. */
export const second: Buffer = Buffer.from('\r\n\r\n\0\r\nQUIT\n')

/** TCP over IPv4, and over IPv6. */
export const inet = 0x11
export const inet6 = 0x21
