/** A certificate request is not good; the message says why. */
export class RequestRefused extends Error {}
