// Package postgres is how a PostgreSQL database is reached: what an address says, who
// answers there, and the connections that the statements of the store are written for.
//
//   - An address never shows in an error, since it may hold a password.
//   - What statements rely on is set by every session, or, behind a pooler, said at the
//     begin of every transaction: nothing that counts rests on a session.
//   - A change is durable before it is answered, and a wait for a standby that was broken
//     off is heard, whatever the commit says.
//   - A host that went silent is given up within seconds, and the next one asked.
package postgres
