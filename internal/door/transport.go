package door

// StrictTransport is the Strict-Transport-Security of every answer over an encrypted
// connection: for a year, a browser opens this host over no other. All doors say the
// same, because of what a host says the last word counts (RFC 6797, section 8.1).
const StrictTransport = "max-age=31536000"
