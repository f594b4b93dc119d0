// Package notify tells the outside what happened: webhooks to endpoints, mails
// to people.
//
// Laws of this package:
//
//   - It tells what is committed and nothing else: rows that the authority wrote
//     in the change's own transaction are claimed, sent and settled.
//   - One sender at a time has a row. A claim is a lease; whoever dies leaves it
//     to the next claim.
//   - At least once, under one id: between an acceptance and the commit that
//     says so lies a moment in which a crash sends again. The header webhook-id
//     and the Message-ID stay the same, so that receivers can tell. A mail counts
//     as sent when the mail server answered 250 to its data, and never before
//     (RFC 5321, 4.5.4 says so of whoever hands mail on).
//   - A step of an expiry is noticed once, and not late: what an outage missed is
//     over, and a notice that is out of date when its turn comes is dropped.
//   - No secret and no digest leaves by here. Texts that people wrote are data:
//     they are escaped, isolated and bounded where they are shown.
//   - Webhooks reach public addresses alone, unless configuration allows more.
//     It is asked of the address itself at every connect, after the look-up;
//     redirects are not followed, proxies not used.
//   - Time and randomness are fields; tests call Tick and Deliver and never wait.
package notify
